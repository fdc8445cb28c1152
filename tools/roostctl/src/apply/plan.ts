import type { Agent } from '../api/roost.client';
import { type Declaration, invalid } from './declarations';
import { creationOf, type Difference, differences } from './differences';

export type Step =
  | { kind: 'create'; declaration: Declaration; found: Difference[] }
  | { kind: 'change'; declaration: Declaration; agent: Agent; found: Difference[] }
  | { kind: 'keep'; declaration: Declaration; agent: Agent }
  | { kind: 'delete'; agent: Agent };

export interface PlanOptions {
  /** Delete agents that no document declares. */
  prune: boolean;
  /** Send values again that the service never returns. */
  secrets: boolean;
}

/** What is to be done so that the agents are as declared: each is found by its id, else by its name. */
export function planOf(declarations: Declaration[], agents: Agent[], options: PlanOptions): Step[] {
  const taken = new Map<string, Declaration>();
  const names = new Map<string, Declaration>();
  const steps = declarations.map((declaration): Step => {
    const agent = agentOf(declaration, agents);
    if (!agent) {
      const other = names.get(declaration.name);
      if (other) throw twice(declaration, other);
      names.set(declaration.name, declaration);
      const created = { ...declaration, configuration: creationOf(declaration.configuration) };
      return { kind: 'create', declaration: created, found: differences(created, {}, true) };
    }
    const other = taken.get(agent.id);
    if (other) throw twice(declaration, other);
    taken.set(agent.id, declaration);
    const found = differences(declaration, { ...agent }, options.secrets);
    return found.length > 0
      ? { kind: 'change', declaration, agent, found }
      : { kind: 'keep', declaration, agent };
  });
  if (!options.prune) return steps;
  const rest = agents.filter(({ id }) => !taken.has(id));
  return [...steps, ...rest.map((agent): Step => ({ kind: 'delete', agent }))];
}

function agentOf({ place, id, name, title }: Declaration, agents: Agent[]): Agent | undefined {
  if (id !== null) {
    const agent = agents.find((one) => one.id === id);
    if (agent) return agent;
    throw invalid(`${place}: id: there is no such agent; without id it is found by its name, or created`);
  }
  const [first, ...others] = agents.filter((one) => one.name === name);
  if (others.length === 0) return first;
  const ids = [first, ...others].map((one) => one?.id).join(', ');
  throw invalid(
    `${place}: name: ${others.length + 1} agents are called ${JSON.stringify(title)} (${ids}); add the id of one`,
  );
}

const twice = (declaration: Declaration, other: Declaration): Error =>
  invalid(`${declaration.place}: declares the same agent as ${other.place}`);
