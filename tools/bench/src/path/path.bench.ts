import { Client } from 'pg';
import { Program } from '../programs/program';
import { compare, figure, ratioAtMost, type Row } from '../report';
import { ChatClient, type ChatTiming } from '../stack/chat.client';
import { BenchStack, type StackOptions } from '../stack/bench.stack';
import { type Pace, REPLY, type Timing } from '../workload';

/** Turns of one conversation; then both sides begin a new one. */
const TURNS = 8;
const WARM_UP = 24;

interface Samples {
  ours: ChatTiming[];
  reference: Timing[];
  commits: number[];
}

/** A message over the whole path, against LangGraph alone, by turns. */
export async function benchPath(pairs: number, options: Partial<StackOptions> = {}): Promise<Row[]> {
  const stack = await BenchStack.start({ name: 'path', ...options });
  const langgraph = await Program.start('langgraph', [await stack.stub.call<string>('url')]);
  const database = new Client({ connectionString: stack.database_url });
  try {
    await database.connect();
    await database.query('CREATE TABLE bare (id bigserial PRIMARY KEY, content text NOT NULL)');
    const agent_id = await stack.api.createAgent('Path');
    await stack.api.start(agent_id);
    const by = { stack, langgraph, database, agent_id };
    await measure(by, 0, WARM_UP);
    const fast = await measure(by, 0, pairs);
    const slow = await measure(by, 10, Math.max(4, Math.round(pairs / 4)));
    return [...rows(0, fast), ...rows(10, slow), commitRow([...fast.commits, ...slow.commits])];
  } finally {
    await database.end();
    await langgraph.stop();
    await stack.close();
  }
}

interface Sides {
  stack: BenchStack;
  langgraph: Program;
  database: Client;
  agent_id: string;
}

async function measure(sides: Sides, pace: Pace, pairs: number): Promise<Samples> {
  const { stack, langgraph, database, agent_id } = sides;
  const samples: Samples = { ours: [], reference: [], commits: [] };
  let chat: ChatClient | null = null;
  for (let index = 0; index < pairs; index += 1) {
    if (index % TURNS === 0) {
      chat?.close();
      chat = await ChatClient.connect(stack.api.url, agent_id, stack.api.key);
    }
    const client = chat;
    const steps = [
      async () => samples.ours.push(await client!.ask(pace, index)),
      async () => {
        const thread = `${pace}-${Math.floor(index / TURNS)}`;
        samples.reference.push(await langgraph.call<Timing>('ask', thread, pace, index));
      },
      async () => samples.commits.push(await bareCommit(database)),
    ];
    for (const step of index % 2 === 0 ? steps : steps.reverse()) await step();
  }
  chat?.close();
  return samples;
}

async function bareCommit(database: Client): Promise<number> {
  const begun = performance.now();
  await database.query({ name: 'bare', text: 'INSERT INTO bare (content) VALUES ($1)', values: [REPLY] });
  return performance.now() - begun;
}

function rows(pace: Pace, { ours, reference }: Samples): Row[] {
  const opens = (_: unknown, index: number) => index % TURNS === 0;
  const follows = (_: unknown, index: number) => index % TURNS !== 0;
  const first = (timings: Timing[]) => timings.map(({ first_ms }) => first_ms);
  const whole = (timings: Timing[]) => timings.map(({ whole_ms }) => whole_ms);
  const at = `at ${pace} ms a token`;
  return [
    compare({
      name: `First token, ${at}`,
      unit: 'ms',
      ours: first(ours),
      reference: first(reference),
      ...(pace === 0 ? { target: ratioAtMost(1.8) } : {}),
    }),
    compare({
      name: `First token, ${at}, of a new thread`,
      unit: 'ms',
      ours: first(ours.filter(opens)),
      reference: first(reference.filter(opens)),
    }),
    compare({
      name: `First token, ${at}, of a later turn`,
      unit: 'ms',
      ours: first(ours.filter(follows)),
      reference: first(reference.filter(follows)),
    }),
    figure(
      `Acknowledged as committed, ${at}`,
      'ms',
      ours.map(({ accepted_ms }) => accepted_ms),
    ),
    compare({
      name: `Whole reply of 60 words, ${at}`,
      unit: 'ms',
      ours: whole(ours),
      reference: whole(reference),
      ...(pace === 10 ? { target: ratioAtMost(1.15) } : {}),
    }),
  ];
}

const commitRow = (samples: number[]): Row =>
  figure('One bare INSERT and COMMIT, same database', 'ms', samples);
