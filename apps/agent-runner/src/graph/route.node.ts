import { SystemMessage } from '@langchain/core/messages';
import { Command, type LangGraphRunnableConfig } from '@langchain/langgraph';
import { z } from 'zod';
import type { AgentState } from './agent.state';
import { withoutMarkers } from './citation.markers';
import { routingPrompt } from './knowledge.prompts';
import { begunSearch, cleaned, knowledgeTools } from './knowledge.search';
import { memoryWindow } from './memory.window';
import type { RunContext } from './run.context';
import { replyId } from './run.steps';
import type { StructuredCall } from './structured.call';
import { summaryPrompt } from './thread.summary';

const Route = z.strictObject({ action: z.enum(['search', 'reply']), queries: z.array(z.string()) });

/**
 * Decides, before an agent that is limited to its knowledge says anything, whether it must look something up. In doubt
 * it does, also when the model gives no decision.
 */
export function routeNode(structured: StructuredCall) {
  return async (
    { messages, summary }: AgentState,
    { context, signal }: LangGraphRunnableConfig<RunContext>,
  ): Promise<Command> => {
    if (!context || !signal) throw new Error('The graph was invoked without its context');
    const { message_id, first_message_id, configuration: runtime } = context;
    if (messages.some(({ id }) => id === replyId(message_id))) return new Command({ goto: 'agent' });
    const { memory } = runtime.configuration;
    const window = memoryWindow({ messages, summary }, memory, message_id, first_message_id);
    const prompt = [routingPrompt(runtime.configuration), summaryPrompt(summary, memory)];
    const route = await structured.ask(
      {
        name: 'route',
        form: Route,
        messages: [
          new SystemMessage(prompt.filter((part) => part !== '').join('\n\n')),
          ...withoutMarkers(window),
        ],
        kind: 'agent',
      },
      context,
      signal,
    );
    if (route?.action === 'reply') return new Command({ goto: 'agent' });
    const given = cleaned(route?.queries ?? []);
    // The message itself is searched for when the model names no query.
    const chosen = given.length > 0 ? given : cleaned([window.at(-1)?.text ?? '']);
    const tools = knowledgeTools(runtime.configuration).map(({ name }) => name);
    return new Command({
      update: {
        search: begunSearch(
          message_id,
          chosen.map((query) => ({ tools, queries: [query] })),
        ),
      },
      goto: 'retrieve',
    });
  };
}
