import type { ApprovalRequest, InboxEntry } from '@roost/contracts';
import { Messaging } from '@roost/messaging';
import { PlainChat, type PlainChatOptions } from '@roost/testing';
import { afterAll, afterEach, beforeAll, expect, vi } from 'vitest';
import { ManagerHarness } from './manager.harness';
import type { TestRunner } from './test.runner';

export interface Paused {
  id: string;
  runner: TestRunner;
  entry: InboxEntry;
  thread_id: string;
  message_id: string;
  approvals: ApprovalRequest[];
}

/** One manager for the tests of a file, agents of it that wait for approval, and what clients see of that. */
export function useApprovals() {
  let manager: ManagerHarness;
  let messaging: Messaging;
  const runners: TestRunner[] = [];
  beforeAll(async () => {
    manager = await ManagerHarness.start();
    messaging = new Messaging({ url: manager.redis_url, name: 'test' }, () => undefined);
  });
  afterEach(() => {
    for (const runner of runners.splice(0)) runner.close();
  });
  afterAll(async () => {
    messaging.close();
    await manager.stop();
  });

  const eventually = <Result>(look: () => Result | Promise<Result>): Promise<Result> =>
    vi.waitFor(look, { timeout: 20_000, interval: 20 });
  const say = async (agent_id: string, body: object): Promise<{ message_id: string; thread_id: string }> =>
    (await manager.call('POST', `/agents/${agent_id}/messages`, body)).body;
  const messagesOf = async (thread_id: string) =>
    (await manager.call('GET', `/threads/${thread_id}/messages`)).body.items as Record<string, unknown>[];
  const untilMessages = (thread_id: string, expected: object[]) =>
    eventually(async () => expect(await messagesOf(thread_id)).toMatchObject(expected));
  const approvalsOf = async (thread_id: string) =>
    (await manager.call('GET', `/threads/${thread_id}/approvals`)).body.items as Record<string, unknown>[];
  const decide = (thread_id: string, approval_id: string, body: object, headers = {}) =>
    manager.call('POST', `/threads/${thread_id}/approvals/${approval_id}`, body, headers);
  const requestsIn = async (agent_id: string, thread_id: string) =>
    ((await messaging.eventLog.since(agent_id, thread_id, null)) ?? []).flatMap(({ frame }) =>
      frame.type === 'approval_request' ? [frame] : [],
    );
  const inboxOf = async (agent_id: string) =>
    (await messaging.streams.peek('inbox', agent_id, 100)).map(({ message_id }) => message_id);

  let asked = 0;
  const request = (args: Record<string, unknown> = { order_id: '1042' }): ApprovalRequest => ({
    approval_id: `apr_${String((asked += 1)).padStart(22, '0')}`,
    tool: 'refund',
    arguments: args,
  });

  /** Plays the runner of the agent's next instance, until the test ends. */
  async function runnerOf(agent_id: string): Promise<TestRunner> {
    const runner = await manager.runner(agent_id);
    runners.push(runner);
    return runner;
  }

  /** An agent that runs, with a runner the test plays. */
  async function running(
    overrides: Record<string, unknown> = {},
  ): Promise<{ id: string; runner: TestRunner }> {
    const id = await manager.agent(overrides);
    await manager.call('POST', `/agents/${id}/start`);
    const runner = await runnerOf(id);
    await manager.untilState(id, 'running');
    return { id, runner };
  }

  const openChat = (agent_id: string, options: PlainChatOptions): Promise<PlainChat> =>
    PlainChat.open(`http://127.0.0.1:${manager.manager.public_port}`, agent_id, {
      key: manager.key,
      ...options,
    });

  /** A message whose run waits for these. */
  async function paused(
    overrides: Record<string, unknown> = {},
    ...approvals: ApprovalRequest[]
  ): Promise<Paused> {
    const { id, runner } = await running(overrides);
    const { message_id, thread_id } = await say(id, { content: 'refund it' });
    const entry = await runner.next();
    const wanted = approvals.length > 0 ? approvals : [request()];
    await runner.pause(entry, wanted, 'One moment.');
    await untilMessages(thread_id, [{ status: 'paused' }]);
    return { id, runner, entry, thread_id, message_id, approvals: wanted };
  }

  const first = ({ approvals }: Paused): string => approvals[0]?.approval_id ?? '';

  return {
    manager: () => manager,
    messaging: () => messaging,
    eventually,
    say,
    messagesOf,
    untilMessages,
    approvalsOf,
    decide,
    requestsIn,
    inboxOf,
    request,
    running,
    runnerOf,
    openChat,
    paused,
    first,
  };
}
