import { Messaging } from '@roost/messaging';
import { redisCli } from '@roost/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ManagerHarness } from '../test/manager.harness';
import { AccessSweep } from './access-sweep';

describe('the sweep of Redis users', () => {
  let manager: ManagerHarness;
  beforeAll(async () => {
    manager = await ManagerHarness.start();
  });
  afterAll(() => manager.stop());

  it('deletes those of instances that do not live, and no others', async () => {
    const id = await manager.agent();
    await manager.call('POST', `/agents/${id}/start`);
    const runner = await manager.runner(id);
    await manager.manager.app.get(Messaging).instanceAccess.grant(id, 'inst-long-gone');
    await redisCli(manager.redis_url, 'ACL', 'SETUSER', 'roost-operator', 'on');

    await manager.manager.app.get(AccessSweep).sweep();

    const users = (await redisCli(manager.redis_url, 'ACL', 'USERS')).split('\n').map((line) => line.trim());
    expect(users).toContain(`roost-${runner.identity.instance_id}`);
    expect(users).toContain('roost-operator');
    expect(users).not.toContain('roost-inst-long-gone');
    runner.close();
  });
});
