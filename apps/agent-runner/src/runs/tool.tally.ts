import type { AgentConfiguration, CalledToolType, LoggedFrame, ToolCalls } from '@roost/contracts';

/** What the memory of users adds to an agent's tools. */
const MEMORY_TOOLS = new Set(['remember_fact', 'forget_fact']);

/** Counts the calls of tools of one run, by type: the names of tools are their agents' own. */
export class ToolTally {
  private readonly calls = new Map<CalledToolType, ToolCalls>();

  count(type: CalledToolType, state: Extract<LoggedFrame, { type: 'tool' }>['state']): void {
    if (state === 'started') return;
    const same = this.calls.get(type) ?? { type, completed: 0, failed: 0 };
    same[state] += 1;
    this.calls.set(type, same);
  }

  get entries(): ToolCalls[] {
    return [...this.calls.values()].map((entry) => ({ ...entry }));
  }
}

/** The type of the entry of the configuration that a tool comes from: some make several, named `<entry>_<tool>`. */
export function toolTypeOf(name: string, { tools }: Pick<AgentConfiguration, 'tools'>): CalledToolType {
  const entry =
    tools.find((tool) => tool.name === name) ?? tools.find((tool) => name.startsWith(`${tool.name}_`));
  return entry?.type ?? (MEMORY_TOOLS.has(name) ? 'memory' : 'unknown');
}
