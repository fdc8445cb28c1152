import { Program } from '../programs/program';
import { type Row } from '../report';
import { ChatClient } from '../stack/chat.client';
import { BenchStack } from '../stack/bench.stack';
import { median, percentile } from '../statistics';
import { type Pace, paces, type Timing } from '../workload';

const AGENTS = 10;
const CHATS = 30;
const QUESTIONS = 8;
const ROUNDS = 5;

interface Round {
  per_second: number;
  timings: Timing[];
}

/** Thirty chats at once over ten agents, against the same thirty on LangGraph alone in one process. */
export async function benchLoad(): Promise<Row[]> {
  const stack = await BenchStack.start({ name: 'load' });
  const langgraph = await Program.start('langgraph', [await stack.stub.call<string>('url')]);
  try {
    const agents: string[] = [];
    for (let index = 0; index < AGENTS; index += 1) {
      const agent_id = await stack.api.createAgent(`Load ${index}`);
      await stack.api.start(agent_id);
      agents.push(agent_id);
    }
    const rows: Row[] = [];
    for (const pace of paces) {
      const ours: Round[] = [];
      const reference: Round[] = [];
      await overThePath(stack, agents, pace);
      await onLangGraph(langgraph, pace, 'warm-up');
      for (let round = 0; round < ROUNDS; round += 1) {
        ours.push(await overThePath(stack, agents, pace));
        reference.push(await onLangGraph(langgraph, pace, String(round)));
        await stack.stub.call('forget');
      }
      rows.push(...rowsOf(pace, ours, reference));
    }
    return rows;
  } finally {
    await langgraph.stop();
    await stack.close();
  }
}

async function overThePath({ api }: BenchStack, agents: string[], pace: Pace): Promise<Round> {
  const chats = await Promise.all(
    Array.from({ length: CHATS }, (_, index) =>
      ChatClient.connect(api.url, agents[index % AGENTS] ?? '', api.key),
    ),
  );
  const begun = performance.now();
  const timings = await Promise.all(
    chats.map(async (chat) => {
      const own: Timing[] = [];
      for (let index = 0; index < QUESTIONS; index += 1) own.push(await chat.ask(pace, index));
      return own;
    }),
  );
  const ms = performance.now() - begun;
  for (const chat of chats) chat.close();
  return { per_second: perSecond(ms), timings: timings.flat() };
}

async function onLangGraph(langgraph: Program, pace: Pace, round: string): Promise<Round> {
  const threads = Array.from({ length: CHATS }, (_, index) => `${pace}-${round}-${index}`);
  const { ms, timings } = await langgraph.call<{ ms: number; timings: Timing[] }>(
    'load',
    threads,
    QUESTIONS,
    pace,
  );
  return { per_second: perSecond(ms), timings };
}

const perSecond = (ms: number): number => (CHATS * QUESTIONS * 1_000) / ms;

function rowsOf(pace: Pace, ours: Round[], reference: Round[]): Row[] {
  const at = `${CHATS} chats over ${AGENTS} agents, ${pace} ms a token`;
  const note = `${ROUNDS} rounds of ${CHATS * QUESTIONS} messages`;
  const rates = (rounds: Round[]) => median(rounds.map(({ per_second }) => per_second));
  const first = (rounds: Round[], p: number) =>
    percentile(
      rounds.flatMap(({ timings }) => timings.map(({ first_ms }) => first_ms)),
      p,
    );
  const row = (name: string, unit: Row['unit'], left: number, right: number): Row => ({
    name: `${at}: ${name}`,
    unit,
    ours: left,
    reference: right,
    ratio: left / right,
    target: null,
    note,
  });
  return [
    row('messages a second', 'messages/s', rates(ours), rates(reference)),
    row('p50 of the first token', 'ms', first(ours, 0.5), first(reference, 0.5)),
    row('p99 of the first token', 'ms', first(ours, 0.99), first(reference, 0.99)),
  ];
}
