import type { AgentConfiguration, AgentTool } from '@roost/contracts';

/** The tools that an agent works with: one that answers from its knowledge bases alone does not search the web. */
export function usableTools({
  tools,
  knowledge,
}: Pick<AgentConfiguration, 'tools' | 'knowledge'>): AgentTool[] {
  const isLimited =
    knowledge?.limit_to_knowledge_base === true && tools.some(({ type }) => type === 'knowledge_base');
  return isLimited ? tools.filter(({ type }) => type !== 'web_search') : tools;
}
