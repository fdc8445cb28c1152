import { afterAll, beforeAll, expect, it } from 'vitest';
import { ManagerHarness } from '../test/manager.harness';

let manager: ManagerHarness;
beforeAll(async () => {
  manager = await ManagerHarness.start();
});
afterAll(() => manager.stop());

it.each(['public_port', 'internal_port'] as const)(
  'on its %s it keeps idle connections for longer than proxies do, which would send into one being closed',
  async (port) => {
    const { headers } = await fetch(`http://127.0.0.1:${manager.manager[port]}/livez`);
    expect(headers.get('keep-alive')).toBe('timeout=75');
  },
);
