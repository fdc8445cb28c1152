import { aPublicAgent, PlainChat, until } from '@roost/testing';
import { setTimeout } from 'node:timers/promises';
import { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import { useInstallation } from '../use.installation';

const LIMIT = 3;
const AGENTS = 12;

describe('a wake storm over a limit on starts at once', () => {
  const roost = useInstallation({
    env: { STARTING_AGENTS_MAX: String(LIMIT), START_DEADLINE_SECONDS: '60' },
  });

  it('never has more runners starting than the limit; all wait their turn, are told so, and answer', async () => {
    const { api, origin } = roost();
    const agents = await Promise.all(
      Array.from({ length: AGENTS }, (_unused, index) =>
        api.createAgent(aPublicAgent({ name: `Sleeper ${index}` })),
      ),
    );
    const chats = await Promise.all(agents.map(({ id }) => PlainChat.open(origin, id)));
    const counts = startingCounts(roost().database.url);

    for (const chat of chats) chat.say('wake up');
    await Promise.all(chats.map((chat) => chat.reply(undefined, 80_000)));

    const starting = await counts();
    expect(Math.max(...starting)).toBe(LIMIT);
    for (const { id } of agents) expect(roost().runners.living(id)).toHaveLength(1);
    const told = chats.map((chat) =>
      chat.ofType('status').filter(({ queue_position }) => queue_position !== null),
    );
    expect(told.filter((frames) => frames.length > 0).length).toBeGreaterThanOrEqual(AGENTS - 2 * LIMIT);
    for (const { message, content, state } of told.flat()) {
      expect(message).toMatch(/^The agent waits for its turn to start: (it is the next|\d+ before it)\.$/);
      expect([content, state]).toEqual([message, 'starting']);
    }
    await Promise.all(chats.map((chat) => chat.close()));
  });

  it('an agent that is stopped while it waits leaves the queue at once, and never gets a runner', async () => {
    const { api } = roost();
    const agents = await Promise.all(
      Array.from({ length: LIMIT * 2 + 1 }, () => api.createAgent(aPublicAgent())),
    );
    const begun = await Promise.all(agents.map((agent) => api.start(agent.id, 0)));
    const [last] = begun.sort((a, b) => (b.queue_position ?? 0) - (a.queue_position ?? 0));
    expect(last?.queue_position).toBeGreaterThan(1);
    const id = last?.agent_id ?? '';

    expect(await api.stop(id)).toMatchObject({ state: 'stopped', queue_position: null });
    await until('the others run', async () => {
      const states = await Promise.all(agents.map((agent) => api.status(agent.id)));
      return states.filter(({ state }) => state === 'running').length === agents.length - 1;
    });
    expect(await api.status(id)).toMatchObject({ state: 'stopped' });
    expect(roost().runners.pidsOf(id)).toEqual([]);
  });
});

/** Counts, until it is called, how many instances start at once. */
function startingCounts(url: string): () => Promise<number[]> {
  const counts: number[] = [];
  const over = new AbortController();
  const looking = (async () => {
    const database = new Client({ connectionString: url });
    await database.connect();
    while (!over.signal.aborted) {
      const { rows } = await database.query<{ count: number }>(
        `SELECT count(*)::int FROM instances WHERE state IN ('starting', 'initializing') AND launched_at IS NOT NULL`,
      );
      counts.push(rows[0]?.count ?? 0);
      await setTimeout(5);
    }
    await database.end();
  })();
  return async () => {
    over.abort();
    await looking;
    return counts;
  };
}
