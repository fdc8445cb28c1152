import {
  isFull,
  Chaos,
  crowd,
  type Installation,
  instanceProcesses,
  type Random,
  RedisFaults,
  seededRandom,
  signalGroup,
  sized,
} from '@roost/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { createAgents } from './population';
import { useFaults } from './use.faults';

const { agents, threads, messages, pauseMs } = sized({
  short: { agents: 10, threads: 3, messages: 3, pauseMs: 5_000 },
  full: { agents: 50, threads: 4, messages: 5, pauseMs: 20_000 },
});

describe('an accepted message is never lost', () => {
  const { roost, oracle } = useFaults({ env: { DATABASE_POOL_SIZE: '20' } });
  let redis: RedisFaults | undefined;
  afterAll(() => redis?.close());

  it(`${agents * threads * messages} messages to ${agents} agents while managers, runners and Redis are killed, and Redis is emptied once`, async () => {
    redis = new RedisFaults(roost());
    const random = seededRandom('never lost');
    await roost().startManager();
    roost().model.reply(({ text }) => `You said: ${text}`, { pace: { tokenDelayMs: 20, jitter: 0.5 } });
    const ids = await createAgents(roost(), agents);
    const faults = {
      'kill a manager': () => killAManager(roost(), random),
      'kill a runner': () => killARunner(ids, random),
      'kill another runner': () => killARunner(ids, random),
      'restart Redis': async () => {
        await redis?.kill();
        await oracle().excuseOrder();
        await redis?.start();
      },
    };

    const chaos = Chaos.start({ faults, random, every: [500, 1_500] });
    const said = crowd(roost(), {
      agents: ids,
      threads,
      messages,
      random,
      pauseMs,
      onAccepted: (id) => oracle().expect(id),
    });
    const flushed = roost()
      .model.waitForRequests((agents * threads * messages) / 3, 300_000)
      .then(() => redis?.flush())
      .then(() => oracle().excuseOrder());
    const { accepted, repeated } = await said.finally(async () => {
      console.log((await chaos.stop()).join(', '));
    });
    await flushed;

    console.log(`${accepted.length} acknowledged, ${repeated} attempts repeated`);
    expect(new Set(accepted).size).toBe(agents * threads * messages);
    expect(chaos.journal.length).toBeGreaterThanOrEqual(3);
    // So short a run is as good as one moment of Redis without memory; order.spec.ts has what is promised.
    if (!isFull) await oracle().excuseOrder(accepted);
    await oracle().verdict(180_000);
    const ended = await endings(oracle().ledger);
    console.log(JSON.stringify(ended));
    expect(ended['done']).toBeGreaterThan(0);
  });
});

/** SIGKILL, and a new one in its place: as an orchestrator does. */
async function killAManager(roost: Installation, random: Random): Promise<void> {
  const victim = random.pick(roost.livingManagers);
  await victim.kill();
  await roost.startAgain(victim);
}

function killARunner(agents: string[], random: Random): Promise<void> {
  const runners = instanceProcesses().filter(({ agent_id }) => agents.includes(agent_id));
  if (runners.length > 0) signalGroup(random.pick(runners).pid, 'SIGKILL');
  return Promise.resolve();
}

/** How many messages came to which end: `done`, or the reason that was shown. */
async function endings(ledger: {
  query: <Row extends object>(sql: string) => Promise<Row[]>;
}): Promise<Record<string, number>> {
  const rows = await ledger.query<{ ending: string; count: number }>(
    `SELECT coalesce(error_code, status) AS ending, count(*)::int AS count
     FROM messages WHERE role = 'user' GROUP BY 1 ORDER BY 2 DESC`,
  );
  return Object.fromEntries(rows.map(({ ending, count }) => [ending, count]));
}
