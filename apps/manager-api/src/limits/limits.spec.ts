import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { redisCli } from '@roost/testing';
import { type Answer, ManagerHarness } from '../test/manager.harness';

const PER_KEY = 6;
const PER_THREAD = 3;
/** Milliseconds a command may take before Redis counts as away. */
const COMMAND_TIMEOUT_MS = 5_000;

describe('limits on messages, at two managers', () => {
  let first: ManagerHarness;
  let second: ManagerHarness;
  let agent: string;
  beforeAll(async () => {
    first = await ManagerHarness.start({
      MESSAGES_PER_MINUTE: String(PER_KEY),
      THREAD_MESSAGES_PER_MINUTE: String(PER_THREAD),
      PENDING_MESSAGES_MAX: '100',
    });
    second = await first.join();
    agent = await first.agent();
  });
  afterAll(() => first.stop());

  const newKey = async () => {
    const { body } = await first.call('POST', '/api-keys', { name: 'key', scopes: ['agents:run'] });
    return `Bearer ${body.key as string}`;
  };
  const say = (at: ManagerHarness, authorization: string, thread_id?: string): Promise<Answer> =>
    at.call('POST', `/agents/${agent}/messages`, { content: 'hello', thread_id }, { authorization });
  /** By turns at both; the answers in order. */
  const sayByTurns = async (count: number, authorization: string, thread_id?: string) => {
    const answers: Answer[] = [];
    for (let sent = 0; sent < count; sent += 1)
      answers.push(await say(sent % 2 === 0 ? first : second, authorization, thread_id));
    return answers;
  };
  const expectRefused = (answer: Answer | undefined) => {
    expect(answer).toMatchObject({ status: 429, body: { code: 'too_many_requests' } });
    const retry_after = Number(answer?.headers.get('retry-after'));
    expect(retry_after).toBeGreaterThan(0);
    expect(retry_after).toBeLessThanOrEqual(60);
  };

  it('are shared for a key, which is told when to come back', async () => {
    const answers = await sayByTurns(PER_KEY + 2, await newKey());
    expect(answers.slice(0, PER_KEY).map(({ status }) => status)).toEqual(Array(PER_KEY).fill(202));
    for (const answer of answers.slice(PER_KEY)) expectRefused(answer);
  });

  it('are shared for a thread, whoever writes to it', async () => {
    const [begins, writes] = [await newKey(), await newKey()];
    const thread_id = (await say(first, begins)).body.thread_id as string;
    const own = await sayByTurns(PER_THREAD + 1, begins, thread_id);
    expect(own.slice(0, PER_THREAD).map(({ status }) => status)).toEqual(Array(PER_THREAD).fill(202));
    expectRefused(own.at(-1));
    expect((await say(second, writes)).status).toBe(202);
  });

  it('are counted by each manager alone while Redis is away: nothing is refused for that, and nothing hangs', async () => {
    const key = await newKey();
    const { status } = await say(first, key);
    expect(status).toBe(202);
    await redisCli(first.redis_url, 'SHUTDOWN', 'NOSAVE').catch(() => undefined);

    const times: number[] = [];
    for (const manager of [first, second]) {
      for (let sent = 0; sent < PER_KEY; sent += 1) {
        const began = Date.now();
        expect((await say(manager, key)).status).toBe(202);
        times.push(Date.now() - began);
      }
      expectRefused(await say(manager, key));
    }
    expect(Math.max(...times)).toBeLessThan(COMMAND_TIMEOUT_MS + 2_000);
  });
});
