import type { LangGraphRunnableConfig } from '@langchain/langgraph';
import type { AgentState } from './agent.state';
import { citationsOf } from './citation.quotes';
import { answerFrom } from './grounded.answer';
import { groundedRules } from './knowledge.prompts';
import type { ModelCall } from './model.call';
import type { ModelFactory } from './model.factory';
import type { RunContext } from './run.context';

/** Passages an answer is given, at most. */
const SOURCES_MAX = 20;

/** Answers from what was found, with citations. */
export function generateNode(models: ModelFactory, call: ModelCall) {
  return (state: AgentState, config: LangGraphRunnableConfig<RunContext>): Promise<Partial<AgentState>> => {
    const { search } = state;
    if (!search) throw new Error('There is nothing to answer from');
    config.context?.onStep('generating', 'Generating the answer');
    const chunks = search.relevant.slice(0, SOURCES_MAX).map(({ chunk }) => chunk);
    const limited = config.context?.configuration.configuration.knowledge?.limit_to_knowledge_base ?? false;
    const queries = search.parts.flatMap((part) => part.queries);
    return answerFrom({ rules: groundedRules(limited), chunks }, { models, call }, state, config, (markers) =>
      citationsOf(markers.cited, markers.mentions, chunks, queries),
    );
  };
}
