import { ratioAtLeast, type Row } from '../report';
import { type BenchManager, BenchStack } from '../stack/bench.stack';
import { ChatClient } from '../stack/chat.client';
import { median } from '../statistics';

const AGENTS = 6;
const CHATS = 30;
const QUESTIONS = 8;
const ROUNDS = 5;

/** One installation under load. */
interface Side {
  stack: BenchStack;
  managers: BenchManager[];
  agents: string[];
  rates: number[];
}

/** The same load on an installation with two managers and on one with one, by turns. */
export async function benchManagers(): Promise<Row[]> {
  const sides: Side[] = [];
  try {
    for (const managers of [2, 1]) sides.push(await open(managers));
    for (const side of sides) await round(side);
    for (let turn = 0; turn < ROUNDS; turn += 1) {
      for (const side of turn % 2 === 0 ? sides : sides.toReversed()) {
        side.rates.push(await round(side));
        await side.stack.stub.call('forget');
      }
    }
    const [two = [], one = []] = sides.map(({ rates }) => rates);
    const [ours, reference] = [median(two), median(one)];
    return [
      {
        name: `${CHATS} chats over ${AGENTS} agents: two managers : one`,
        unit: 'messages/s',
        ours,
        reference,
        ratio: ours / reference,
        target: ratioAtLeast(0.8),
        note: `${ROUNDS} rounds of ${CHATS * QUESTIONS} messages by turns`,
        samples: { ours: two, reference: one },
      },
    ];
  } finally {
    for (const { stack } of sides) await stack.close();
  }
}

async function open(count: number): Promise<Side> {
  const stack = await BenchStack.start({ name: `managers-${count}` });
  try {
    const managers = [stack.manager];
    while (managers.length < count) managers.push(await stack.startManager());
    const agents: string[] = [];
    for (let index = 0; index < AGENTS; index += 1) {
      // A runner asks the manager that started it: the agents are spread, too.
      const { api } = at(managers, index);
      const agent_id = await api.createAgent(`Managers ${index}`);
      await api.start(agent_id);
      agents.push(agent_id);
    }
    return { stack, managers, agents, rates: [] };
  } catch (error) {
    await stack.close();
    throw error;
  }
}

/** Messages a second; half of the chats of an agent are with the manager that did not start it. */
async function round({ managers, agents }: Side): Promise<number> {
  const chats = await Promise.all(
    Array.from({ length: CHATS }, (_, index) => {
      const { api } = at(managers, Math.floor(index / AGENTS));
      return ChatClient.connect(api.url, at(agents, index), api.key);
    }),
  );
  const begun = performance.now();
  await Promise.all(
    chats.map(async (chat) => {
      for (let index = 0; index < QUESTIONS; index += 1) await chat.ask(0, index);
    }),
  );
  const ms = performance.now() - begun;
  for (const chat of chats) chat.close();
  return (CHATS * QUESTIONS * 1_000) / ms;
}

function at<Item>(items: Item[], index: number): Item {
  const item = items[index % items.length];
  if (item === undefined) throw new Error('there are none');
  return item;
}
