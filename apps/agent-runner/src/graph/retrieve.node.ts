import { Command, type LangGraphRunnableConfig } from '@langchain/langgraph';
import { KnowledgeError, type KnowledgeClient } from '../knowledge/knowledge.client';
import type { AgentState } from './agent.state';
import { inParallel } from './bounded.parallel';
import { callAnswers } from './knowledge.answers';
import { knowledgeTools, scopeOf, withFound } from './knowledge.search';
import type { RunContext } from './run.context';

/** Searches of one run side by side. */
const SEARCHES_AT_ONCE = 8;

/** Searches the knowledge bases for everything that is still open, side by side. */
export function retrieveNode(knowledge: KnowledgeClient) {
  return async (
    { search }: AgentState,
    { context, signal }: LangGraphRunnableConfig<RunContext>,
  ): Promise<Command> => {
    if (!context || !signal || !search) throw new Error('There is nothing to search for');
    const { message_id, configuration: runtime, meter } = context;
    const tools = knowledgeTools(runtime.configuration);
    const names = [...new Set(search.parts.flatMap((part) => part.tools))];
    const isFirst = search.parts.every(({ queries }) => queries.length === 1);
    if (isFirst) for (const name of names) context.onTool(name, 'started', `Searching with ${name}.`);
    const open = search.parts.flatMap((part, index) => (part.answered ? [] : [{ part, index }]));
    context.onStep('retrieving', `Retrieving: ${open.map(({ part }) => part.queries.at(-1)).join(' | ')}`);
    try {
      const found = await inParallel(open, SEARCHES_AT_ONCE, signal, async ({ part, index }, stop) => {
        const { knowledge_base_ids, retrieval_limit } = scopeOf(part, tools);
        const request = {
          version: runtime.version,
          knowledge_base_ids,
          query: part.queries.at(-1) ?? '',
          limit: retrieval_limit,
          message_id,
        };
        const { results, usage = [] } = await knowledge.search(request, stop);
        meter.addBooked(usage);
        return results.slice(0, retrieval_limit).map((chunk) => ({ chunk, parts: [index] }));
      });
      const update = { search: { ...withFound(search, found.flat()), spent: meter.entries } };
      return new Command({ update, goto: 'grade_documents' });
    } catch (error) {
      if (!(error instanceof KnowledgeError)) throw error;
      for (const name of names) context.onTool(name, 'failed', `${name} has failed.`);
      // Begun before the model was asked, it has no call to answer: there is nothing to go on with.
      if (search.calls.length === 0) throw error;
      return new Command({
        update: { messages: callAnswers(search, error.message, 'error'), search: null },
        goto: 'agent',
      });
    }
  };
}
