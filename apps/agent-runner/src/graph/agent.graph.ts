import { HumanMessage } from '@langchain/core/messages';
import { END, START, StateGraph } from '@langchain/langgraph';
import type { InboxEntry } from '@roost/contracts';
import type { HttpCheckpointSaver } from '../checkpoints/http-checkpoint.saver';
import { agentNode } from './agent.node';
import { AgentContext, AgentState } from './agent.state';
import type { ModelCall, ModelReply } from './model.call';
import type { ModelFactory } from './model.factory';
import { replyId, type RunContext } from './run.context';

const compile = (models: ModelFactory, call: ModelCall, checkpointer: HttpCheckpointSaver) =>
  new StateGraph(AgentState, AgentContext)
    .addNode('agent', agentNode(models, call))
    .addEdge(START, 'agent')
    .addEdge('agent', END)
    .compile({ checkpointer });

/** The agent as a LangGraph graph, compiled once for all versions: what differs comes with each run. */
export class AgentGraph {
  private readonly graph: ReturnType<typeof compile>;

  constructor(
    models: ModelFactory,
    call: ModelCall,
    private readonly memory: HttpCheckpointSaver,
  ) {
    this.graph = compile(models, call, memory);
  }

  /** Answers one message and remembers both; resolves once the checkpoint store has them. */
  async answer(
    { thread_id, message_id, content, opens_thread }: InboxEntry,
    context: Omit<RunContext, 'message_id'>,
    signal: AbortSignal,
  ): Promise<ModelReply> {
    if (opens_thread) this.memory.expectNothing(thread_id);
    const { messages } = await this.graph.invoke(
      { messages: [new HumanMessage({ id: message_id, content })] },
      {
        configurable: { thread_id },
        context: { ...context, message_id },
        signal,
        // One checkpoint, after the answer. Before it there is nothing to save: the message waits in the inbox
        // and the model call has no effect that a new instance could not repeat. `sync` would put two round
        // trips before the first token, `async` the same work beside it. Steps with effects will need `sync`.
        durability: 'exit',
      },
    );
    const reply = messages.find((message) => message.id === replyId(message_id));
    if (!reply) throw new Error('The graph ended without a reply');
    return { content: reply.text, usage: reply.response_metadata['usage'] as ModelReply['usage'] };
  }
}
