import { type AgentInput, aPublicAgent, type Installation } from '@roost/testing';

/** So many agents, one after another. */
export async function createAgents(
  roost: Installation,
  count: number,
  configuration: Partial<AgentInput> = {},
): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) {
    ids.push((await roost.api.createAgent(aPublicAgent({ name: `Crowded ${index}`, ...configuration }))).id);
  }
  return ids;
}
