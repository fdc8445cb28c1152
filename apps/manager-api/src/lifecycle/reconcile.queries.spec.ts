import { AsyncLocalStorage } from 'node:async_hooks';
import { PostgresQueryRunner } from 'typeorm/driver/postgres/PostgresQueryRunner.js';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ManagerHarness } from '../test/manager.harness';
import { RunnerCrew } from '../test/runner.crew';
import { Reconciler } from './reconciler.service';

describe('a pass of the reconciler', () => {
  let manager: ManagerHarness;
  let crew: RunnerCrew;
  const counted = new AsyncLocalStorage<string[]>();

  beforeAll(async () => {
    const original = PostgresQueryRunner.prototype.query;
    vi.spyOn(PostgresQueryRunner.prototype, 'query').mockImplementation(function (
      this: PostgresQueryRunner,
      ...args: Parameters<typeof original>
    ) {
      counted.getStore()?.push(args[0]);
      return original.apply(this, args);
    });
    manager = await ManagerHarness.start();
    crew = new RunnerCrew(manager);
  });
  afterAll(async () => {
    await crew.close();
    await manager.stop();
    vi.restoreAllMocks();
  });

  /** Of a pass that finds nothing to mend. */
  const queriesOfAPass = async (): Promise<string[]> => {
    const reconciler = manager.manager.app.get(Reconciler);
    const queries: string[] = [];
    await counted.run(queries, async () => {
      await reconciler.reconcile();
      await reconciler.reconcilePlatform();
    });
    return queries;
  };
  const running = async (count: number): Promise<void> => {
    const agents = await Promise.all(Array.from({ length: count }, () => manager.agent()));
    const answers = await Promise.all(
      agents.map((id) => manager.call('POST', `/agents/${id}/start?wait=60`)),
    );
    expect(answers.map(({ body }) => body.state)).toEqual(agents.map(() => 'running'));
  };

  it('asks as often for sixty agents of which twenty run as for three of which one does', async () => {
    await running(1);
    await Promise.all([manager.agent(), manager.agent()]);
    const few = await queriesOfAPass();
    await running(19);
    await Promise.all(Array.from({ length: 38 }, () => manager.agent()));
    const many = await queriesOfAPass();

    expect(few.length).toBeGreaterThan(3);
    expect(many).toEqual(few);
  }, 120_000);
});
