import type { LoggedFrame } from '@roost/contracts';
import { Messaging } from '@roost/messaging';
import { afterAll, afterEach, beforeAll, expect, vi } from 'vitest';
import { ManagerHarness } from './manager.harness';
import type { TestRunner } from './test.runner';

/** A manager for the tests of a file, and what they say, cancel and look at. Runners are closed after each test. */
export function useConversations() {
  let started: { manager: ManagerHarness; messaging: Messaging } | undefined;
  const runners: TestRunner[] = [];
  const system = () => {
    if (!started) throw new Error('the manager has not been started');
    return started;
  };
  const manager = () => system().manager;
  const messaging = () => system().messaging;
  beforeAll(async () => {
    const harness = await ManagerHarness.start();
    started = {
      manager: harness,
      messaging: new Messaging({ url: harness.redis_url, name: 'test' }, () => undefined),
    };
  });
  afterEach(() => {
    for (const runner of runners.splice(0)) runner.close();
  });
  afterAll(async () => {
    started?.messaging.close();
    await started?.manager.stop();
  });

  const messagesOf = async (thread_id: string) =>
    (await manager().call('GET', `/threads/${thread_id}/messages`)).body.items as Record<string, unknown>[];
  const framesOf = async (agent_id: string, thread_id: string): Promise<LoggedFrame[]> =>
    ((await messaging().eventLog.since(agent_id, thread_id, null)) ?? []).map(({ frame }) => frame);

  return {
    manager,
    messaging,
    messagesOf,
    framesOf,
    say: (agent_id: string, body: object) => manager().call('POST', `/agents/${agent_id}/messages`, body),
    cancel: (thread_id: string, headers = {}) =>
      manager().call('POST', `/threads/${thread_id}/cancel`, undefined, headers),
    untilMessages: (thread_id: string, expected: object[], timeout = 5_000) =>
      vi.waitFor(async () => expect(await messagesOf(thread_id)).toMatchObject(expected), {
        timeout,
        interval: 20,
      }),
    /** The frames that end a message. */
    endsOf: async (agent_id: string, thread_id: string) =>
      (await framesOf(agent_id, thread_id)).filter(({ type }) => type === 'message' || type === 'error'),
    inboxOf: async (agent_id: string) =>
      (await messaging().streams.peek('inbox', agent_id, 100)).map(({ message_id }) => message_id),
    /** An agent that runs, with a runner the test plays. */
    running: async (overrides: object = {}): Promise<{ id: string; runner: TestRunner }> => {
      const id = await manager().agent({ ...overrides });
      await manager().call('POST', `/agents/${id}/start`);
      const runner = await manager().runner(id);
      runners.push(runner);
      await manager().untilState(id, 'running');
      return { id, runner };
    },
  };
}
