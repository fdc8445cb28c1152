import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ManagerHarness } from '../../test/manager.harness';
import { RunnerCrew } from '../../test/runner.crew';

const LIMIT = 10;
const AGENTS = 200;

describe('a wake storm at two managers', () => {
  let first: ManagerHarness;
  let second: ManagerHarness;
  beforeAll(async () => {
    const limits = { STARTING_AGENTS_MAX: String(LIMIT), MESSAGES_PER_MINUTE: '100000' };
    first = await ManagerHarness.start({ ...limits, START_DEADLINE_SECONDS: '60' });
    second = await first.join();
  });
  afterAll(() => first.stop());

  const at = (index: number) => (index % 2 === 0 ? first : second);
  const starting = async () => {
    const [row] = await first.database.query<{ count: number }[]>(
      `SELECT count(*)::int FROM instances WHERE state IN ('starting', 'initializing') AND launched_at IS NOT NULL`,
    );
    return row?.count ?? 0;
  };

  it(
    'never has more agents starting than the limit, and every message is answered',
    { timeout: 120_000 },
    async () => {
      const agents = await Promise.all(Array.from({ length: AGENTS }, () => first.agent()));
      let booting_max = 0;
      let starting_max = 0;
      const looking = setInterval(() => {
        void starting().then((count) => (starting_max = Math.max(starting_max, count)));
      }, 10);
      const crew = new RunnerCrew(first, {
        answers: 1,
        onBooting: (booting) => (booting_max = Math.max(booting_max, booting)),
      });

      const sent = await Promise.all(
        agents.map((id, index) => at(index).call('POST', `/agents/${id}/messages`, { content: 'wake up' })),
      );
      expect(sent.map(({ status }) => status)).toEqual(Array.from({ length: AGENTS }, () => 202));
      await vi.waitFor(
        async () => {
          const [row] = await first.database.query<{ count: number }[]>(
            `SELECT count(*)::int FROM messages WHERE role = 'assistant'`,
          );
          expect(row?.count).toBe(AGENTS);
        },
        { timeout: 90_000, interval: 200 },
      );
      clearInterval(looking);
      await crew.close();

      expect(booting_max).toBeLessThanOrEqual(LIMIT);
      expect(starting_max).toBeLessThanOrEqual(LIMIT);
      expect(starting_max).toBeGreaterThan(LIMIT / 2);
      expect(new Set(crew.launched).size).toBe(AGENTS);
      expect(crew.launched).toHaveLength(AGENTS);
    },
  );

  it('starts one instance of one agent, and answers all who asked', { timeout: 60_000 }, async () => {
    const id = await first.agent();
    const crew = new RunnerCrew(first);
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_unused, index) => at(index).call('POST', `/agents/${id}/start?wait=30`)),
    );
    await crew.close();

    expect(answers.map(({ status, body }) => [status, body.state, body.generation])).toEqual(
      answers.map(() => [200, 'running', 1]),
    );
    expect(crew.launched.filter((agent_id) => agent_id === id)).toHaveLength(1);
  });
});
