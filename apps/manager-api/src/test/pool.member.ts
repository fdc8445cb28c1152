import {
  type InstanceEnvironment,
  type PoolAssignment,
  type PoolExchangeResponse,
  type PoolMemberEnvironment,
  poolPaths,
} from '@roost/contracts';
import { Messaging, type PoolAssignmentReader } from '@roost/messaging';
import { expect, vi } from 'vitest';
import type { ManagerHarness } from './manager.harness';
import { TestRunner } from './test.runner';

/** A member of the warm pool as far as the manager can tell: it exchanges its code and waits. */
export class TestMember {
  private constructor(
    readonly harness: ManagerHarness,
    readonly env: PoolMemberEnvironment,
    readonly token: string,
    private readonly messaging: Messaging,
    private readonly reader: PoolAssignmentReader,
  ) {}

  static async join(harness: ManagerHarness, env: PoolMemberEnvironment): Promise<TestMember> {
    const { INSTANCE_ID: instance_id, EXCHANGE_CODE: code } = env;
    const exchanged = await harness.internal('POST', poolPaths.exchange, { instance_id, code }, 'none');
    if (exchanged.status !== 200) throw new Error(`exchange refused: ${JSON.stringify(exchanged.body)}`);
    const { token, redis } = exchanged.body as PoolExchangeResponse;
    const ready = await harness.internal('POST', poolPaths.ready, { instance_id, token }, 'none');
    if (ready.status !== 204) throw new Error(`not taken as ready: ${JSON.stringify(ready.body)}`);
    const messaging = new Messaging(
      { url: harness.redis_url, name: 'test-member', ...redis },
      () => undefined,
    );
    return new TestMember(harness, env, token, messaging, messaging.poolAssignmentReader(instance_id));
  }

  /** Joins `count` members that the launcher was asked for and that have not been joined yet. */
  static async joinAll(
    harness: ManagerHarness,
    count: number,
    known: TestMember[] = [],
  ): Promise<TestMember[]> {
    const ids = known.map(({ instance_id }) => instance_id);
    const envs = await vi.waitFor(
      async () => {
        const launched = (await harness.launcher.list())
          .filter(
            ({ agent_id, state, instance_id }) =>
              agent_id === null && state === 'running' && !ids.includes(instance_id),
          )
          .map(({ instance_id }) => harness.launcher.instance(instance_id).spec.env);
        if (launched.length !== count)
          throw new Error(`${launched.length} members were launched, not ${count}`);
        return launched as unknown as PoolMemberEnvironment[];
      },
      { timeout: 15_000, interval: 20 },
    );
    return Promise.all(envs.map((env) => TestMember.join(harness, env)));
  }

  get instance_id(): string {
    return this.env.INSTANCE_ID;
  }

  async assignment(): Promise<PoolAssignment> {
    const assigned = await this.reader.next(10_000);
    if (!assigned) throw new Error('nothing was assigned');
    return assigned;
  }

  /** Waits for its agent and becomes its runner. */
  async becomeRunner(): Promise<TestRunner> {
    const { agent_id, code } = await this.assignment();
    const env: InstanceEnvironment = { ...this.env, AGENT_ID: agent_id, EXCHANGE_CODE: code };
    return TestRunner.join(this.harness, env);
  }

  close(): void {
    this.messaging.close();
  }
}

export const poolRows = (
  manager: ManagerHarness,
): Promise<{ id: string; state: string; template: string }[]> =>
  manager.database.query('SELECT id, state, template FROM pool_instances ORDER BY created_at');

/** Instances of the pool, claimed ones too, that the platform shows as running. */
export const launchedMembers = async (manager: ManagerHarness): Promise<string[]> =>
  (await manager.launcher.list())
    .filter(({ agent_id, state }) => agent_id === null && state === 'running')
    .map(({ instance_id }) => instance_id);

/** The pool is what it should be: that many rows, and one instance for each. */
export const poolSettlesAt = (manager: ManagerHarness, count: number): Promise<void> =>
  vi.waitFor(
    async () => {
      const ids = (await poolRows(manager)).map(({ id }) => id).sort();
      expect(ids).toHaveLength(count);
      expect((await launchedMembers(manager)).sort()).toEqual(ids);
    },
    { timeout: 15_000, interval: 20 },
  );
