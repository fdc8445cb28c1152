import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ManagerHarness } from '../test/manager.harness';
import { IdempotencyRepository } from './idempotency.repository';

describe('an Idempotency-Key', () => {
  let manager: ManagerHarness;
  beforeAll(async () => {
    manager = await ManagerHarness.start();
  });
  afterAll(() => manager.stop());
  afterEach(() => vi.restoreAllMocks());

  it.each([
    ['a message', (agent: string) => `/agents/${agent}/messages`, { content: 'hello' }],
    ['a chat token', (agent: string) => `/agents/${agent}/chat-tokens`, { user_id: 'u' }],
  ])('of %s gets the first answer again as soon as that is known', async (_name, path, body) => {
    const agent = await manager.agent();
    // Storing takes its time: an answer that went out before could be repeated too early.
    const keys = manager.manager.app.get(IdempotencyRepository);
    const complete = keys.complete.bind(keys);
    vi.spyOn(keys, 'complete').mockImplementation(async (...args) => {
      await pause(100);
      await complete(...args);
    });
    const send = () => manager.call('POST', path(agent), body, { 'idempotency-key': `key-${agent}` });
    const first = await send();
    const again = await send();
    expect(again).toMatchObject({ status: first.status, body: first.body });
    expect(again.headers.get('idempotency-replayed')).toBe('true');
  });

  it('may be used again when the first request was refused', async () => {
    const agent = await manager.agent({ enabled: false });
    const send = () =>
      manager.call(
        'POST',
        `/agents/${agent}/messages`,
        { content: 'hello' },
        { 'idempotency-key': 'refused' },
      );
    expect((await send()).body).toMatchObject({ code: 'agent_disabled' });
    await manager.call('PATCH', `/agents/${agent}`, { enabled: true });
    expect((await send()).status).toBe(202);
  });
});
