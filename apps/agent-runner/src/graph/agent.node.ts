import { AIMessage, RemoveMessage, SystemMessage } from '@langchain/core/messages';
import type { LangGraphRunnableConfig } from '@langchain/langgraph';
import type { AgentState } from './agent.state';
import { memoryWindow } from './memory.window';
import type { ModelCall } from './model.call';
import type { ModelFactory } from './model.factory';
import { replyId, type RunContext } from './run.context';
import { systemPrompt } from './system.prompt';

/** Asks the model with what the agent remembers, and forgets what no later run would show it. */
export function agentNode(models: ModelFactory, call: ModelCall) {
  return async (
    { messages }: AgentState,
    config: LangGraphRunnableConfig<RunContext>,
  ): Promise<Partial<AgentState>> => {
    const { context } = config;
    if (!context) throw new Error('The graph was invoked without its context');
    const { message_id, first_message_id, configuration: runtime } = context;
    const id = replyId(message_id);
    // Answered before, by a run whose report got lost: the model is not asked twice.
    if (messages.some((message) => message.id === id)) return {};

    const window = memoryWindow(messages, message_id, runtime.configuration.memory, first_message_id);
    const { content, usage } = await call.answer(
      models.of(runtime),
      [new SystemMessage(systemPrompt(runtime.configuration)), ...window],
      config,
      context,
    );
    const reply = new AIMessage({ id, content, response_metadata: { usage } });
    const forgotten = messages.slice(
      0,
      messages.findIndex((message) => message.id === window[0]?.id),
    );
    return {
      messages: [...forgotten.flatMap((old) => (old.id ? [new RemoveMessage({ id: old.id })] : [])), reply],
    };
  };
}
