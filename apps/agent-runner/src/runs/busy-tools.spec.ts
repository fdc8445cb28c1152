import { type InboxEntry, newThreadId } from '@roost/contracts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { AgentFixture } from '../test/agent.fixture';
import { JournalServer, never } from '../test/journal.server';
import { RedisProcess } from '../test/redis.process';
import { callsThenSays, httpTool, toolCall } from '../test/scripted.tools';

let redis: RedisProcess;
let agent: AgentFixture;
let shop: JournalServer;
beforeAll(async () => {
  redis = await RedisProcess.start();
});
afterAll(() => redis.kill());
beforeEach(async () => {
  [agent, shop] = await Promise.all([AgentFixture.create(redis.url), JournalServer.start()]);
  agent.allowed_hosts = [shop.host];
});
afterEach(async () => {
  await agent.destroy();
  await shop.stop();
});

const tools = () => [
  httpTool({
    url: `${shop.origin}/{table}`,
    parameters: { type: 'object', properties: { table: { type: 'string' } } },
  }),
];
const called = (times: number) =>
  vi.waitFor(() => expect(shop.journal).toHaveLength(times), { timeout: 10_000 });
const cancel = (...messages: InboxEntry[]) =>
  agent.messaging.topics.publishCancel(agent.agent_id, {
    message_ids: messages.map(({ message_id }) => message_id),
  });
const conversation = () =>
  (agent.model.getRequests().at(-1)?.body as { messages: { role: string; content: unknown }[] }).messages
    .slice(1)
    .map(({ role, content }) => `${role}: ${String(content)}`);

describe('a run that is cancelled while its tools work', () => {
  beforeEach(() => {
    agent.configure(1, { tools: tools() });
    agent.model.onMessage('next', { content: 'Fine.' });
    callsThenSays(
      agent.model,
      [toolCall('book', { table: 'a' }, 'one'), toolCall('book', { table: 'b' }, 'two')],
      'never said',
      'One moment.',
    );
    shop.answer = ({ url }) => (url === '/a' ? { body: 'done' } : never());
  });

  it.each(['at once', 'after a restart'])(
    'closes their requests, and the thread goes on without a trace of them, %s',
    async (when) => {
      const runner = await agent.startRunner();
      const message = await agent.send('Book both.', { opens_thread: true });
      await called(2);
      await cancel(message);
      expect(await agent.reportOn(message)).toMatchObject({ outcome: 'cancelled', content: 'One moment.' });
      await vi.waitFor(() => expect(shop.abandoned).toBe(1), { timeout: 10_000 });
      expect((await agent.frames(message.thread_id)).at(-1)).toMatchObject({
        type: 'run',
        state: 'cancelled',
      });

      if (when === 'after a restart') {
        await runner.stop(2_001);
        await agent.startRunner();
      }
      const next = await agent.send('next', { thread_id: message.thread_id });
      expect(await agent.reportOn(next)).toMatchObject({ outcome: 'completed', content: 'Fine.' });
      expect(conversation()).toEqual(['user: Book both.', 'assistant: One moment.', 'user: next']);
      expect(shop.journal).toHaveLength(2);
    },
  );

  it('and had been taken over from an earlier instance, keeps what both have said', async () => {
    shop.answer = never;
    const first = await agent.startRunner();
    const message = await agent.send('Book both.', { opens_thread: true });
    await called(2);
    await first.stop(2_001);
    await agent.startRunner();
    await called(4);
    await cancel(message);
    expect(await agent.reportOn(message)).toMatchObject({
      outcome: 'cancelled',
      content: 'One moment.',
      generation: 2,
    });
    const next = await agent.send('next', { thread_id: message.thread_id });
    expect(await agent.reportOn(next)).toMatchObject({ content: 'Fine.' });
    expect(shop.journal).toHaveLength(4);
  });
});

describe('collected messages whose run was interrupted between its steps', () => {
  beforeEach(() => {
    agent.configure(1, { tools: tools(), on_busy: 'collect', collect_pause_ms: 150 });
    agent.model.onMessage('and one more', { content: 'More.' });
    callsThenSays(agent.model, [toolCall('book', { table: 'a' })], 'Booked.');
  });

  /** An instance has begun to answer two messages when it ends; one more has come since. */
  const interrupted = async (): Promise<[InboxEntry, InboxEntry, InboxEntry]> => {
    shop.answer = never;
    const runner = await agent.startRunner();
    const thread_id = newThreadId();
    const first = await agent.send('Book it.', { thread_id, opens_thread: true });
    const second = await agent.send('Please.', { thread_id });
    await called(1);
    await runner.stop(2_001);
    return [first, second, await agent.send('and one more', { thread_id })];
  };

  it('go on under their own keys; what has come since gets a run of its own', async () => {
    const [first, second, later] = await interrupted();
    shop.answer = () => ({ body: 'done' });
    await agent.startRunner();
    expect(await agent.reportOn(later)).toMatchObject({ outcome: 'completed', content: 'More.' });
    expect(await agent.reportOn(second)).toMatchObject({
      outcome: 'completed',
      content: 'Booked.',
      joined_message_ids: [first.message_id],
    });
    const keys = shop.journal.map(({ headers }) => headers['idempotency-key']);
    expect(keys).toEqual([`${second.message_id}:0:0`, `${second.message_id}:0:0`]);
  });

  it('are cancelled together with what has come since, which the model never sees', async () => {
    const [first, second, later] = await interrupted();
    await agent.startRunner();
    await called(2);
    const asked = agent.model.getRequests().length;
    await cancel(first, second, later);
    expect(await agent.reportOn(later)).toMatchObject({ outcome: 'cancelled', content: '' });
    expect(await agent.reportOn(second)).toMatchObject({ outcome: 'cancelled' });
    expect(agent.model.getRequests()).toHaveLength(asked);
  });
});

describe('the first messages of a thread', () => {
  it('are joined without a question for what the agent remembers', async () => {
    agent.configure(1, { on_busy: 'collect', collect_pause_ms: 150 });
    agent.model.onMessage('two', { content: 'Hello.' });
    await agent.startRunner();
    const thread_id = newThreadId();
    await agent.send('one', { thread_id, opens_thread: true });
    const last = await agent.send('two', { thread_id });
    expect(await agent.reportOn(last)).toMatchObject({ content: 'Hello.' });
    expect(agent.manager.requestsTo('/internal/checkpoints/get')).toEqual([]);
  });
});
