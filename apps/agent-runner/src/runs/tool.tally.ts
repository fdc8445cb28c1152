import type { AgentConfiguration, CalledToolType, ToolCalls } from '@roost/contracts';
import type { ToolCallState } from '../graph/run.context';

/** What the memory of users adds to an agent's tools. */
const MEMORY_TOOLS = new Set(['remember_fact', 'forget_fact']);

/** Counts the calls of tools of one run, by type: the names of tools are their agents' own. */
export class ToolTally {
  private readonly calls = new Map<CalledToolType, Required<ToolCalls>>();

  count(type: CalledToolType, state: ToolCallState): void {
    if (state === 'started') return;
    const same = this.calls.get(type) ?? { type, completed: 0, failed: 0, rejected: 0 };
    same[state] += 1;
    this.calls.set(type, same);
  }

  get entries(): ToolCalls[] {
    return [...this.calls.values()].map((entry) => ({ ...entry }));
  }
}

/**
 * The type of the entry of the configuration that a tool comes from. A server's and a document's tools are named
 * `<entry>_<tool>`; of several entries that fit, the longest says the most.
 */
export function toolTypeOf(name: string, { tools }: Pick<AgentConfiguration, 'tools'>): CalledToolType {
  const configured = tools.find((tool) => tool.name === name);
  if (configured) return configured.type;
  if (MEMORY_TOOLS.has(name)) return 'memory';
  const [source] = tools
    .filter(({ type }) => type === 'mcp' || type === 'openapi')
    .filter((tool) => name.startsWith(`${tool.name}_`))
    .sort((one, other) => other.name.length - one.name.length);
  return source?.type ?? 'unknown';
}
