import { waitUntil } from '@roost/devstack';
import { Client } from 'pg';
import { compare, differenceAtMost, figure, oursAtMost, type Row } from '../report';
import { BenchStack } from '../stack/bench.stack';
import { ChatClient } from '../stack/chat.client';

const POOL_SIZE = 2;
const WARM_UP = 2;
const REFILL_DEADLINE_MS = 60_000;

interface Sample {
  /** Milliseconds from the claim to `running`, by the database's clock. */
  claim_ms: number;
  /** Milliseconds to the first token of a message that woke the agent, and of the next one. */
  asleep_ms: number;
  awake_ms: number;
}

/** A message to a sleeping agent beside a warm pool, against one to the same agent running. */
export async function benchPool(pairs: number): Promise<Row[]> {
  const stack = await BenchStack.start({ name: 'pool', manager_env: { POOL_SIZE: String(POOL_SIZE) } });
  const database = new Client({ connectionString: stack.database_url });
  try {
    await database.connect();
    const agent_id = await stack.api.createAgent('Pool');
    const samples: Sample[] = [];
    for (let index = 0; index < WARM_UP + Math.max(6, Math.round(pairs / 6)); index += 1)
      samples.push(await wake(stack, database, agent_id));
    const kept = samples.slice(WARM_UP);
    return [
      figure(
        'Claim from the warm pool to running',
        'ms',
        kept.map(({ claim_ms }) => claim_ms),
        '',
        oursAtMost(100),
      ),
      compare({
        name: 'First token, sleeping agent with a warm pool : the same agent running',
        unit: 'ms',
        ours: kept.map(({ asleep_ms }) => asleep_ms),
        reference: kept.map(({ awake_ms }) => awake_ms),
        target: differenceAtMost(250),
      }),
    ];
  } finally {
    await database.end();
    await stack.close();
  }
}

async function wake(stack: BenchStack, database: Client, agent_id: string): Promise<Sample> {
  await poolIsFull(database);
  const asleep = await ChatClient.connect(stack.api.url, agent_id, stack.api.key);
  const { first_ms: asleep_ms } = await asleep.ask(0, 0);
  asleep.close();
  // Not while the pool is refilled: what is compared is the wake, not the neighbour.
  await poolIsFull(database);
  const awake = await ChatClient.connect(stack.api.url, agent_id, stack.api.key);
  const { first_ms: awake_ms } = await awake.ask(0, 0);
  awake.close();
  const { rows } = await database.query<{ claimed: boolean; claim_ms: string }>(
    `SELECT claimed, extract(epoch FROM ready_at - launched_at) * 1000 AS claim_ms
     FROM instances WHERE agent_id = $1 AND ended_at IS NULL`,
    [agent_id],
  );
  const [instance] = rows;
  if (!instance?.claimed) throw new Error('the agent was not served by the pool');
  await stack.api.stop(agent_id);
  return { claim_ms: Number(instance.claim_ms), asleep_ms, awake_ms };
}

async function poolIsFull(database: Client): Promise<void> {
  await waitUntil(
    'the pool is full',
    async () => {
      const { rowCount } = await database.query(`SELECT 1 FROM pool_instances WHERE state = 'ready'`);
      return rowCount === POOL_SIZE || undefined;
    },
    { deadlineMs: REFILL_DEADLINE_MS },
  );
}
