import type { LangGraphRunnableConfig } from '@langchain/langgraph';
import type { AgentState } from './agent.state';
import { answerFrom } from './grounded.answer';
import { abstainingRules } from './knowledge.prompts';
import type { ModelCall } from './model.call';
import type { ModelFactory } from './model.factory';
import type { RunContext } from './run.context';

/** Says that the knowledge base does not hold what was asked, in the user's language. */
export function abstainNode(models: ModelFactory, call: ModelCall) {
  return (state: AgentState, config: LangGraphRunnableConfig<RunContext>): Promise<Partial<AgentState>> => {
    const limited = config.context?.configuration.configuration.knowledge?.limit_to_knowledge_base ?? false;
    config.context?.onStep('generating', 'Nothing was found');
    const rules = abstainingRules(limited);
    return answerFrom({ rules, chunks: [] }, { models, call }, state, config, () => []);
  };
}
