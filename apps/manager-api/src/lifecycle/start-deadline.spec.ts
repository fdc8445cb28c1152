import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ManagerHarness } from '../test/manager.harness';

describe('an instance that does not become ready', () => {
  let manager: ManagerHarness;
  beforeAll(async () => {
    manager = await ManagerHarness.start({ START_DEADLINE_SECONDS: '1' });
  });
  afterAll(() => manager.stop());

  it('fails its start by the deadline', async () => {
    const id = await manager.agent();
    await manager.call('POST', `/agents/${id}/start`);
    await manager.untilState(id, 'failed');
    expect((await manager.call('GET', `/agents/${id}/status`)).body).toMatchObject({
      reason: 'start_failed',
      detail: expect.stringContaining('1 s') as string,
    });
  });
});
