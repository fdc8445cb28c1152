import { Pool } from 'pg';
import { compare, ratioAtMost, type Row } from '../report';
import { BenchStack } from '../stack/bench.stack';
import { ChatClient } from '../stack/chat.client';
import { readSeries } from '../stack/metrics';
import { REPLY } from '../workload';

const WARM_UP = 30;
const TURNS = 8;
const COMMIT = 'roost_message_commit_duration_seconds';

/** Committing a message, as the manager waits for it, against the least PostgreSQL can commit; by turns. */
export async function benchCommit(pairs: number): Promise<Row[]> {
  const stack = await BenchStack.start({ name: 'commit' });
  // Like the manager's: a pool of node-postgres over TCP, a prepared statement, its own transaction.
  const pool = new Pool({ connectionString: stack.database_url, max: 1 });
  try {
    await pool.query('CREATE TABLE bare (id bigserial PRIMARY KEY, content text NOT NULL)');
    const agent_id = await stack.api.createAgent('Commit');
    await stack.api.start(agent_id);
    const ours: number[] = [];
    const reference: number[] = [];
    let chat: ChatClient | null = null;
    for (let pair = 0; pair < WARM_UP + pairs; pair += 1) {
      if (pair % TURNS === 0) {
        chat?.close();
        chat = await ChatClient.connect(stack.api.url, agent_id, stack.api.key);
      }
      const client = chat;
      const steps = [
        async () => ours.push(await messageCommit(stack, client, pair)),
        async () => reference.push(await bareCommit(pool)),
      ];
      for (const step of pair % 2 === 0 ? steps : steps.reverse()) await step();
    }
    chat?.close();
    return [
      compare({
        name: 'Commit of a message : one bare INSERT and COMMIT',
        unit: 'ms',
        ours: ours.slice(WARM_UP),
        reference: reference.slice(WARM_UP),
        target: ratioAtMost(2),
      }),
    ];
  } finally {
    await pool.end();
    await stack.close();
  }
}

/** The manager's own clock around its statement: one message more than before the question. */
async function messageCommit(stack: BenchStack, chat: ChatClient | null, index: number): Promise<number> {
  const { internal_url } = stack.manager;
  const read = (): Promise<number[]> => readSeries(internal_url, `${COMMIT}_sum`, `${COMMIT}_count`);
  const [sum_before = 0, count_before = 0] = await read();
  await chat?.ask(0, index);
  const [sum = 0, count = 0] = await read();
  if (count !== count_before + 1) throw new Error(`${count - count_before} messages were committed, not one`);
  return (sum - sum_before) * 1_000;
}

async function bareCommit(pool: Pool): Promise<number> {
  const begun = performance.now();
  await pool.query({ name: 'bare', text: 'INSERT INTO bare (content) VALUES ($1)', values: [REPLY] });
  return performance.now() - begun;
}
