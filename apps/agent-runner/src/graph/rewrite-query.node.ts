import { HumanMessage, SystemMessage } from '@langchain/core/messages';
import type { LangGraphRunnableConfig } from '@langchain/langgraph';
import { z } from 'zod';
import type { AgentState } from './agent.state';
import { inParallel } from './bounded.parallel';
import { REWRITING_PROMPT, rewritingQuestion } from './knowledge.prompts';
import { cleaned, knowledgeTools, openParts } from './knowledge.search';
import type { RunContext } from './run.context';
import type { StructuredCall } from './structured.call';

const REWRITES_AT_ONCE = 4;

const Rewritten = z.strictObject({ query: z.string() });

/** Puts each query that found nothing in other words. */
export function rewriteQueryNode(structured: StructuredCall) {
  return async (
    { messages, search }: AgentState,
    { context, signal }: LangGraphRunnableConfig<RunContext>,
  ): Promise<Partial<AgentState>> => {
    if (!context || !signal || !search) throw new Error('There is nothing to rewrite');
    const { message_id, configuration, meter, onStep } = context;
    const question = messages.find(({ id }) => id === message_id)?.text ?? '';
    const open = new Set(openParts(search, knowledgeTools(configuration.configuration)));
    const parts = await inParallel(
      [...search.parts.entries()],
      REWRITES_AT_ONCE,
      signal,
      async ([index, part], stop) => {
        if (!open.has(index)) return part;
        const answer = await structured.ask(
          {
            name: 'rewritten_query',
            form: Rewritten,
            messages: [
              new SystemMessage(REWRITING_PROMPT),
              new HumanMessage(rewritingQuestion(question, part.queries)),
            ],
            kind: 'rewriting',
          },
          context,
          stop,
        );
        // A model that gives none: the user's own words may find what the query did not.
        const [query = part.queries[0] ?? ''] = cleaned([answer?.query ?? '', question]);
        onStep('rewriting', `Rewriting: ${query}`);
        return { ...part, queries: [...part.queries, query] };
      },
    );
    return { search: { ...search, parts, spent: meter.entries } };
  };
}
