import pLimit from 'p-limit';
import { setTimeout as pause } from 'node:timers/promises';
import { figure, oursAtMost, type Row } from '../report';
import { BenchStack } from '../stack/bench.stack';
import { readSeries } from '../stack/metrics';

const AGENTS = 2_000;
const RUNNING = 100;
const AT_ONCE = 8;
const SAMPLES = 20;
const PASS = 'roost_reconcile_duration_seconds';
const LOOK_MS = 250;
const DEADLINE_MS = 120_000;

/**
 * One pass of the reconciler over 2,000 agents of which 100 run, by the manager's own clock: over what is recorded, and
 * over what the platform shows. That its queries are as
 * many for any number of agents is a test: apps/manager-api/src/lifecycle/reconcile.queries.spec.ts.
 */
export async function benchReconcile(): Promise<Row[]> {
  const stack = await BenchStack.start({ name: 'reconcile' });
  try {
    const limit = pLimit(AT_ONCE);
    const agents = await Promise.all(
      Array.from({ length: AGENTS }, (_agent, index) => limit(() => stack.api.createAgent(`Agent ${index}`))),
    );
    await Promise.all(agents.slice(0, RUNNING).map((id) => limit(() => stack.api.start(id))));
    const rows: Row[] = [];
    for (const pass of ['records', 'platform'])
      rows.push(
        figure(
          `Reconcile pass over the ${pass} of ${AGENTS} agents, ${RUNNING} running`,
          'ms',
          await passes(stack, pass),
          `${SAMPLES} looks at the manager's histogram`,
          oursAtMost(200),
        ),
      );
    return rows;
  } finally {
    await stack.close();
  }
}

/** Milliseconds of each. */
async function passes(stack: BenchStack, pass: string): Promise<number[]> {
  const read = (): Promise<number[]> =>
    readSeries(stack.manager.internal_url, `${PASS}_sum{pass="${pass}"}`, `${PASS}_count{pass="${pass}"}`);
  const found: number[] = [];
  const ends = performance.now() + DEADLINE_MS;
  let [sum_before = 0, count_before = 0] = await read();
  while (found.length < SAMPLES) {
    if (performance.now() > ends) throw new Error(`only ${found.length} passes in ${DEADLINE_MS} ms`);
    await pause(LOOK_MS);
    const [sum = 0, count = 0] = await read();
    if (count > count_before) found.push(((sum - sum_before) / (count - count_before)) * 1_000);
    [sum_before, count_before] = [sum, count];
  }
  return found;
}
