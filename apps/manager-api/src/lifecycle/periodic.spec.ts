import { sharedStack, type TestDatabase } from '@roost/devstack';
import { until } from '@roost/testing';
import { pino } from 'pino';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { createDataSource } from '../database/data-source';
import { LeasesRepository } from './leases.repository';
import { Periodic } from './periodic';

const logger = pino({ enabled: false });

// Side by side, for all they do is wait.
describe.concurrent('periodic work', () => {
  let database: TestDatabase;
  let source: DataSource;
  beforeAll(async () => {
    database = await (await sharedStack()).createDatabase('periodic');
    source = await createDataSource(database.url, 4).initialize();
    await source.runMigrations();
  });
  afterAll(async () => {
    await source.destroy();
    await database.drop();
  });

  /** The periodic work of one manager. */
  const manager = (onFinished: TestContext['onTestFinished']): Periodic => {
    const periodic = new Periodic(new LeasesRepository(source), logger);
    onFinished(() => periodic.beforeApplicationShutdown());
    return periodic;
  };
  const leaseOf = async (name: string): Promise<{ left_s: number } | undefined> => {
    const rows = await source.query<{ left_s: string }[]>(
      'SELECT extract(epoch FROM expires_at - now()) AS left_s FROM leases WHERE name = $1',
      [name],
    );
    return rows[0] && { left_s: Number(rows[0].left_s) };
  };

  it(
    'is done by one manager at a time, also when a round lasts longer than a lease',
    { timeout: 40_000 },
    async ({ onTestFinished }) => {
      let atWork = 0;
      let most = 0;
      let rounds = 0;
      const lasts_ms = 8_000;
      const work = async (): Promise<void> => {
        most = Math.max(most, (atWork += 1));
        const begun = performance.now();
        await until('the round is over', () => performance.now() - begun > lasts_ms, lasts_ms + 2_000);
        atWork -= 1;
        rounds += 1;
      };
      for (const periodic of [manager(onTestFinished), manager(onTestFinished)])
        periodic.every('slow', 50, work);

      await until('a round is over', () => rounds > 0, 20_000);

      expect(most).toBe(1);
    },
  );

  it(
    'that is seldom done is nobody else’s between two rounds',
    { timeout: 40_000 },
    async ({ onTestFinished }) => {
      const done: string[] = [];
      manager(onTestFinished).every('seldom', 9_000, () => Promise.resolve(void done.push('first')));
      await until('it is done', () => done.length === 1, 15_000);
      manager(onTestFinished).every('seldom', 500, () => Promise.resolve(void done.push('second')));

      await until('it is done again', () => done.filter((who) => who === 'first').length === 2, 15_000);

      expect(done).not.toContain('second');
    },
  );

  it(
    'of a manager that was killed is taken over within seconds',
    { timeout: 40_000 },
    async ({ onTestFinished }) => {
      const dead = new LeasesRepository(source);
      expect(await dead.take('orphaned', 'a killed manager', 6)).toBe(true);
      const begun = performance.now();
      let taken = false;
      manager(onTestFinished).every('orphaned', 100, () => Promise.resolve(void (taken = true)));

      await until('it is taken over', () => taken, 15_000);

      expect(performance.now() - begun).toBeLessThan(8_000);
    },
  );

  it('is given back at shutdown', async ({ onTestFinished }) => {
    let done = false;
    const periodic = manager(onTestFinished);
    periodic.every('given back', 10, () => Promise.resolve(void (done = true)));
    await until('it is done', () => done);
    // Six, and what the database's clock goes on between two statements.
    expect((await leaseOf('given back'))?.left_s).toBeLessThan(7);
    await periodic.beforeApplicationShutdown();
    expect(await leaseOf('given back')).toBeUndefined();
  });

  it('whose lease has expired is not taken back by a renewal', async () => {
    const leases = new LeasesRepository(source);
    await leases.take('expired', 'late', 60);
    await source.query("UPDATE leases SET expires_at = now() - interval '1 second' WHERE name = 'expired'");
    await leases.renew('late', 60);
    expect((await leaseOf('expired'))?.left_s).toBeLessThan(0);
    expect(await leases.take('expired', 'another', 60)).toBe(true);
  });
});
