import { AIMessage, HumanMessage } from '@langchain/core/messages';
import { END, START, StateGraph } from '@langchain/langgraph';
import { type Batch, lastOf } from '../inbox/thread.queue';
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

/** A reply, whole or as far as it came before it was cancelled. */
export type GraphReply = ModelReply & { interrupted: boolean };

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

  /** Answers messages with one reply and remembers all of it; resolves once the checkpoint store has it. */
  async answer(
    batch: Batch,
    context: Omit<RunContext, 'message_id' | 'first_message_id'>,
    signal: AbortSignal,
  ): Promise<GraphReply> {
    const [{ thread_id, opens_thread, message_id: first_message_id }] = batch;
    const { message_id } = lastOf(batch);
    if (opens_thread) this.memory.expectNothing(thread_id);
    const { messages } = await this.graph.invoke(
      { messages: questions(batch) },
      {
        configurable: { thread_id },
        context: { ...context, message_id, first_message_id },
        signal,
        // One checkpoint, after the answer. Before it there is nothing to save: the message waits in the inbox
        // and the model call has no effect that a new instance could not repeat. `sync` would put two round
        // trips before the first token, `async` the same work beside it. Steps with effects will need `sync`.
        durability: 'exit',
      },
    );
    const reply = messages.find((message) => message.id === replyId(message_id));
    if (!reply) throw new Error('The graph ended without a reply');
    const { usage, interrupted } = reply.response_metadata as Partial<GraphReply>;
    return { content: reply.text, usage: usage ?? null, interrupted: interrupted === true };
  }

  /** Remembers a run that was stopped: what was asked, and what had been said, if anything. */
  async keep(batch: Batch, said: string): Promise<void> {
    const { thread_id, message_id } = lastOf(batch);
    const reply = new AIMessage({
      id: replyId(message_id),
      content: said,
      response_metadata: { usage: null, interrupted: true },
    });
    const messages = [...questions(batch), ...(said === '' ? [] : [reply])];
    await this.graph.updateState({ configurable: { thread_id } }, { messages }, 'agent');
  }

  /** How many of the first messages a run has answered whose report was lost. */
  async countAnswered(batch: Batch): Promise<number> {
    const state = await this.graph.getState({ configurable: { thread_id: batch[0].thread_id } });
    const { messages = [] } = state.values as Partial<AgentState>;
    const known = new Set(messages.map(({ id }) => id));
    return batch.findLastIndex(({ message_id }) => known.has(replyId(message_id))) + 1;
  }
}

const questions = (batch: Batch): HumanMessage[] =>
  batch.map(({ message_id, content }) => new HumanMessage({ id: message_id, content }));
