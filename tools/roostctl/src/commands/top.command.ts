import { setTimeout as pause } from 'node:timers/promises';
import { answered, everyAgent, type RoostClient } from '../api/roost.client';
import { table } from '../table';
import type { Terminal } from '../terminal';

const CLEAR = '\u001b[2J\u001b[H';

interface Spent {
  calls: number;
  input: number;
  output: number;
  cost: number;
}

/** Agents with their state, their place in the queue of starts and what they used today; anew every `seconds`. */
export async function top(
  client: RoostClient,
  terminal: Terminal,
  { once, seconds }: { once: boolean; seconds: number },
): Promise<void> {
  for (;;) {
    const text = await screen(client);
    terminal.out(once ? text : `${CLEAR}${text}`);
    if (once) return;
    await pause(seconds * 1_000, undefined, { signal: terminal.signal }).catch(() => undefined);
    if (terminal.signal.aborted) return;
  }
}

async function screen(client: RoostClient): Promise<string> {
  const [agents, spent] = await Promise.all([everyAgent(client), spentToday(client)]);
  const rows = agents.map(({ id, status }) => {
    const { calls, input, output, cost } = spent.get(id) ?? { calls: 0, input: 0, output: 0, cost: 0 };
    const { state, reason, queue_position, last_active_at } = status;
    return [
      id,
      reason ? `${state} (${reason})` : state,
      String(queue_position ?? '-'),
      last_active_at ?? '-',
      String(calls),
      String(input),
      String(output),
      cost.toFixed(4),
    ];
  });
  return table([['ID', 'STATE', 'QUEUE', 'LAST ACTIVE', 'CALLS', 'IN', 'OUT', 'COST'], ...rows]);
}

/** By the service's days, which are UTC. */
async function spentToday(client: RoostClient): Promise<Map<string, Spent>> {
  const today = new Date().toISOString().slice(0, 10);
  const spent = new Map<string, Spent>();
  for (let cursor: string | undefined; ;) {
    const query = { from: today, to: today, limit: 200, ...(cursor === undefined ? {} : { cursor }) };
    const { items, next_cursor } = answered(await client.GET('/usage', { params: { query } }));
    for (const { agent_id, calls, input_tokens, output_tokens, cost } of items) {
      const sum = spent.get(agent_id) ?? { calls: 0, input: 0, output: 0, cost: 0 };
      spent.set(agent_id, {
        calls: sum.calls + calls,
        input: sum.input + input_tokens,
        output: sum.output + output_tokens,
        cost: sum.cost + (cost ?? 0),
      });
    }
    if (next_cursor === null) return spent;
    cursor = next_cursor;
  }
}
