import { sharedStack, type TestRedis } from '@roost/devstack';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { commandConnection } from './connection';
import { Messaging } from './messaging';

const assignment = { agent_id: 'agent_a_aaaa', code: 'code', config_url: 'http://manager:8001/x' };

describe('a member of the warm pool', () => {
  let redis: TestRedis;
  let manager: Messaging;
  const cleanUps: (() => void)[] = [];
  beforeAll(async () => {
    redis = await (await sharedStack()).startRedis();
    manager = new Messaging({ url: redis.url, name: 'test' }, () => undefined);
  });
  afterAll(async () => {
    for (const cleanUp of cleanUps) cleanUp();
    manager.close();
    await redis.stop();
  });

  const member = async (instance_id: string) => {
    const granted = await manager.instanceAccess.grantPool(instance_id);
    const own = new Messaging({ url: redis.url, name: 'test', ...granted }, () => undefined);
    cleanUps.push(() => own.close());
    return { own, reader: own.poolAssignmentReader(instance_id), granted };
  };
  const connection = async (instance_id: string): Promise<Redis> => {
    const { granted } = await member(instance_id);
    const direct = commandConnection({ url: redis.url, name: 'test', ...granted });
    direct.on('error', () => undefined);
    cleanUps.push(() => direct.disconnect());
    return direct;
  };

  it('learns whose instance it becomes while it waits, once', async () => {
    const { reader } = await member('inst-1');
    const waiting = reader.next(10_000);
    await manager.poolAssignments.assign('inst-1', assignment, 5_000);
    expect(await waiting).toEqual(assignment);
    expect(await reader.next(100)).toBeNull();
  });

  it('learns it also when it was told before it waited, but not when that is too long ago', async () => {
    const { reader } = await member('inst-2');
    await manager.poolAssignments.assign('inst-2', assignment, 5_000);
    expect(await reader.next(100)).toEqual(assignment);
    await manager.poolAssignments.assign('inst-2', assignment, 1);
    const key = 'roost:pool:inst-2:assignment';
    const admin = commandConnection({ url: redis.url, name: 'test' });
    cleanUps.push(() => admin.disconnect());
    await vi.waitFor(async () => expect(await admin.exists(key)).toBe(0));
    expect(await reader.next(100)).toBeNull();
  });

  it.each([
    ['the assignment of another', (own: Redis) => own.blpop('roost:pool:inst-4:assignment', 1)],
    ['to write its own', (own: Redis) => own.rpush('roost:pool:inst-3:assignment', '{}')],
    ['the inbox of an agent', (own: Redis) => own.blpop('roost:agent:agent_a_aaaa:inbox', 1)],
    ['any topic', (own: Redis) => own.publish('roost:agent:agent_a_aaaa:status', '')],
    ['every key', (own: Redis) => own.keys('*')],
    ['users', (own: Redis) => own.call('ACL', 'LIST')],
  ])('does not reach %s', async (_name, attempt) => {
    await expect(attempt(await connection('inst-3'))).rejects.toThrow(/NOPERM|no permissions|can't access/i);
  });

  it.each(['revoke', 'revokePool'] as const)('is cut off by %s', async (how) => {
    const { reader } = await member(`inst-${how}`);
    const waiting = reader.next(10_000);
    await Promise.all([
      expect(waiting).rejects.toThrow(),
      vi.waitFor(async () => {
        // Until the wait stands on the connection, there is nothing to be cut.
        await manager.instanceAccess[how](`inst-${how}`);
        await expect(Promise.race([waiting, Promise.resolve('waits')])).rejects.toThrow();
      }),
    ]);
    await vi.waitFor(() => expect(reader.next(100)).rejects.toThrow(/WRONGPASS|NOAUTH/));
  });
});
