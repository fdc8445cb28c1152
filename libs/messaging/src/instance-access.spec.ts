import { sharedStack, type TestRedis } from '@roost/devstack';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { commandConnection } from './connection';
import { Messaging } from './messaging';

describe("an instance's Redis user", () => {
  let redis: TestRedis;
  let messaging: Messaging;
  const open: Redis[] = [];
  beforeAll(async () => {
    redis = await (await sharedStack()).startRedis();
    messaging = new Messaging({ url: redis.url, name: 'test' }, () => undefined);
  });
  afterAll(async () => {
    messaging.close();
    for (const connection of open) connection.disconnect();
    await redis.stop();
  });

  const connect = async (agent_id: string, instance_id: string): Promise<Redis> => {
    const granted = await messaging.instanceAccess.grant(agent_id, instance_id);
    const connection = commandConnection({ url: redis.url, name: 'test', ...granted });
    connection.on('error', () => undefined);
    open.push(connection);
    return connection;
  };

  it('reaches the keys and topics of its agent', async () => {
    const own = await connect('agent_own_aaaa', 'inst-1');
    await expect(own.xadd('roost:agent:agent_own_aaaa:reports', '*', 'json', '{}')).resolves.toBeTruthy();
    await expect(own.publish('roost:agent:agent_own_aaaa:reports-ready', '')).resolves.toBe(0);
    await expect(own.subscribe('roost:agent:agent_own_aaaa:control')).resolves.toBe(1);
  });

  it.each([
    [
      'the keys of another agent',
      (own: Redis) => own.xadd('roost:agent:agent_other_aaaa:reports', '*', 'json', '{}'),
    ],
    [
      'an agent whose id begins with its own',
      (own: Redis) => own.get('roost:agent:agent_own_aaaab:heartbeat'),
    ],
    ['the topics of another agent', (own: Redis) => own.publish('roost:agent:agent_other_aaaa:status', '')],
    ['what another agent is told', (own: Redis) => own.subscribe('roost:agent:agent_other_aaaa:control')],
    ['what managers are told', (own: Redis) => own.subscribe('roost:credential-revoked')],
    ['patterns of topics', (own: Redis) => own.psubscribe('roost:agent:agent_own_aaaa:*')],
    ['limits', (own: Redis) => own.get('roost:limit:messages:x')],
    ['every key', (own: Redis) => own.keys('*')],
    ['a flush', (own: Redis) => own.flushall()],
    ['the configuration', (own: Redis) => own.config('GET', '*')],
    ['users', (own: Redis) => own.call('ACL', 'LIST')],
    ['keys of others by a script', (own: Redis) => own.eval("return redis.call('GET', 'roost:limit:x')", 0)],
  ])('does not reach %s', async (_name, attempt) => {
    await expect(attempt(await connect('agent_own_aaaa', 'inst-2'))).rejects.toThrow(
      /NOPERM|no permissions|not allowed|can't access/i,
    );
  });

  it('reaches no more in a Redis that gives new users every topic', async () => {
    const admin = commandConnection({ url: redis.url, name: 'test' });
    open.push(admin);
    await admin.config('SET', 'acl-pubsub-default', 'allchannels');
    try {
      const own = await connect('agent_own_aaaa', 'inst-4');
      await expect(own.subscribe('roost:credential-revoked')).rejects.toThrow(/NOPERM/);
    } finally {
      await admin.config('SET', 'acl-pubsub-default', 'resetchannels');
    }
  });

  it('is cut off at once when it is revoked, and does not come back', async () => {
    const own = await connect('agent_own_aaaa', 'inst-3');
    await own.set('roost:agent:agent_own_aaaa:heartbeat', '1');
    await messaging.instanceAccess.revoke('inst-3');
    await vi.waitFor(() => expect(own.status).not.toBe('ready'));
    await expect(own.set('roost:agent:agent_own_aaaa:heartbeat', '2')).rejects.toThrow();
    await messaging.instanceAccess.revoke('inst-3');
  });
});
