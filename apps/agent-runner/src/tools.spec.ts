import { internalPaths, newThreadId } from '@roost/contracts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { AgentFixture } from './test/agent.fixture';
import { JournalServer, never } from './test/journal.server';
import { RedisProcess } from './test/redis.process';
import { callsThenSays, httpTool, toolAnswers, toolCall } from './test/scripted.tools';

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

const useTools = (...tools: (Partial<ReturnType<typeof httpTool>> & { url: string })[]) =>
  agent.configure(1, { tools: tools.map(httpTool) });

const lastRequest = () =>
  agent.model.getLastRequest()?.body as {
    messages: { role: string; content: unknown; tool_calls?: unknown }[];
    tools?: unknown[];
  };

const toolFrames = async (thread_id: string) =>
  (await agent.frames(thread_id)).flatMap((frame) =>
    frame.type === 'tool' ? [`${frame.name} ${frame.state}`] : [],
  );

describe('an agent with a tool', () => {
  it('makes many calls at once without a warning of Node', async () => {
    useTools({ url: shop.origin });
    const warnings: string[] = [];
    const hear = ({ name }: Error) => warnings.push(name);
    process.on('warning', hear);
    try {
      const calls = Array.from({ length: 30 }, (_, index) => toolCall('book', {}, `call_${index}`));
      callsThenSays(agent.model, calls, 'Booked.');
      await agent.startRunner();
      expect(await agent.reportOn(await agent.send('Book all.'))).toMatchObject({ outcome: 'completed' });
      expect(shop.journal).toHaveLength(30);
      expect(warnings).toEqual([]);
    } finally {
      process.off('warning', hear);
    }
  });

  it('calls it with what the model asks for, reads the answer, and replies', async () => {
    useTools({
      url: `${shop.origin}/tables/{table}`,
      query: { when: '{when}', lang: '{lang}' },
      headers: { 'x-shop': 'one' },
      body: { guests: '{guests}', note: 'for {name}', none: '{lang}' },
      parameters: {
        type: 'object',
        properties: { table: {}, when: {}, lang: {}, guests: { type: 'integer' }, name: {} },
      },
    });
    callsThenSays(
      agent.model,
      [toolCall('book', { table: 'a/../b ?', when: '8 pm', guests: 4, name: 'Ada' })],
      'Booked.',
    );
    shop.answer = () => ({ body: '{"ok":true}' });
    await agent.startRunner();
    const message = await agent.send('Book it.');
    expect(await agent.reportOn(message)).toMatchObject({ outcome: 'completed', content: 'Booked.' });
    expect(shop.journal).toMatchObject([
      {
        method: 'POST',
        url: '/tables/a%2F..%2Fb%20%3F?when=8+pm',
        headers: {
          'x-shop': 'one',
          'content-type': 'application/json',
          'idempotency-key': `${message.message_id}:0:0`,
        },
        body: '{"guests":4,"note":"for Ada"}',
      },
    ]);
    expect(lastRequest().messages.slice(1)).toMatchObject([
      { role: 'user', content: 'Book it.' },
      { role: 'assistant', tool_calls: [{ id: 'call_book' }] },
      { role: 'tool', content: '{"ok":true}' },
    ]);
    expect(lastRequest().tools).toMatchObject([{ type: 'function', function: { name: 'book' } }]);
    expect(await toolFrames(message.thread_id)).toEqual(['book started', 'book completed']);
  });

  it('says beside its calls what belongs to the reply: tokens make up the reply, byte for byte', async () => {
    useTools({ url: shop.origin });
    callsThenSays(agent.model, [toolCall('book', {})], 'It is booked. 🌍', 'Let me look.');
    await agent.startRunner();
    const message = await agent.send('Book it.');
    const report = await agent.reportOn(message);
    expect(report).toMatchObject({
      content: 'Let me look.\n\nIt is booked. 🌍',
      usage: { input_tokens: expect.any(Number) },
    });
    expect(await agent.streamed(message.thread_id)).toBe('Let me look.\n\nIt is booked. 🌍');
  });

  it('remembers what was said, and not the steps to it', async () => {
    useTools({ url: shop.origin });
    callsThenSays(agent.model, [toolCall('book', {})], 'Booked.');
    await agent.startRunner();
    const first = await agent.send('Book it.');
    await agent.reportOn(first);
    await agent.reportOn(await agent.send('And?', { thread_id: first.thread_id }));
    const rounds = agent.model.getRequests();
    expect((rounds.at(2)?.body as { messages: unknown[] }).messages.slice(1)).toMatchObject([
      { role: 'user', content: 'Book it.' },
      { role: 'assistant', content: 'Booked.' },
      { role: 'user', content: 'And?' },
    ]);
  });

  it('makes calls of one step side by side, each with a key of its own', async () => {
    useTools({ url: `${shop.origin}/{table}`, parameters: { type: 'object', properties: { table: {} } } });
    callsThenSays(
      agent.model,
      [toolCall('book', { table: 'a' }, 'one'), toolCall('book', { table: 'b' }, 'two')],
      'Both.',
    );
    shop.answer = ({ url }) =>
      // The first is answered when the second has come.
      url === '/a' ? vi.waitFor(() => expect(shop.journal).toHaveLength(2)).then(() => ({})) : {};
    await agent.startRunner();
    const message = await agent.send('Book both.');
    expect(await agent.reportOn(message)).toMatchObject({ content: 'Both.' });
    expect(shop.journal.map(({ headers }) => headers['idempotency-key']).sort()).toEqual([
      `${message.message_id}:0:0`,
      `${message.message_id}:0:1`,
    ]);
  });

  it('asks the store nothing more than one without, before its first message is answered', async () => {
    useTools({ url: shop.origin });
    agent.model.onMessage(/[\s\S]*/, { content: 'Hello.' });
    await agent.startRunner();
    const first = await agent.send('Hi', { opens_thread: true });
    await agent.reportOn(first);
    await agent.reportOn(await agent.send('Hi', { thread_id: first.thread_id }));
    expect(agent.manager.requestsTo(`${internalPaths.checkpoints}/get`)).toEqual([]);
    await agent.reportOn(await agent.send('Hi'));
    expect(agent.manager.requestsTo(`${internalPaths.checkpoints}/get`)).toHaveLength(1);
  });
});

describe('a tool that fails is something the model reads', () => {
  const answerRead = async (args: object | string = {}): Promise<string> => {
    callsThenSays(agent.model, [toolCall('book', args)], 'Sorry.');
    await agent.startRunner();
    const message = await agent.send('Book it.');
    expect(await agent.reportOn(message)).toMatchObject({ outcome: 'completed', content: 'Sorry.' });
    expect(await toolFrames(message.thread_id)).toEqual(['book started', 'book failed']);
    return toolAnswers(agent.model.getLastRequest()?.body as never).join();
  };

  it('when the server refuses', async () => {
    useTools({ url: shop.origin });
    shop.answer = () => ({ status: 422, body: 'no such table' });
    expect(await answerRead()).toBe('HTTP 422\nno such table');
    expect(shop.journal).toHaveLength(1);
  });

  it('when an unsafe request is lost: it is not repeated', async () => {
    useTools({ url: shop.origin });
    shop.answer = () => Promise.reject(new Error('lost'));
    expect(await answerRead()).toContain('broke the connection');
    expect(shop.journal).toHaveLength(1);
  });

  it('when the server is silent', async () => {
    useTools({ url: shop.origin, timeout_s: 1 });
    shop.answer = never;
    expect(await answerRead()).toContain('within 1 seconds');
  });

  it('when the answer is too long', async () => {
    useTools({ url: shop.origin, response_bytes_max: 256 });
    shop.answer = () => ({ body: 'x'.repeat(300) });
    expect(await answerRead()).toContain('256 bytes');
  });

  it('when the host is private and not allowed', async () => {
    agent.allowed_hosts = [];
    useTools({ url: shop.origin });
    expect(await answerRead()).toContain('let the operator allow');
    expect(shop.journal).toEqual([]);
  });

  it.each<[string, object | string, RegExp]>([
    ['are no JSON', '{"table":', /not valid JSON/],
    ['do not fit the schema', { table: 7 }, /table must be string/],
    ['are no object', '[]', /must be object/],
    ['would leave the folder', { table: '..' }, /may not be/],
    ['lack what the URL needs', {}, /table is needed/],
  ])('when the arguments %s', async (_what, args, message) => {
    useTools({ url: `${shop.origin}/tables/{table}/book` });
    expect(await answerRead(args)).toMatch(message);
    expect(shop.journal).toEqual([]);
  });

  it('when there is no such tool', async () => {
    useTools({ name: 'other', url: shop.origin });
    expect(await answerRead()).toBe('There is no tool book. There are: other.');
  });
});

describe('a safe request', () => {
  it('is repeated while the server is busy, and carries no key', async () => {
    useTools({ url: shop.origin, method: 'GET' });
    callsThenSays(agent.model, [toolCall('book', {})], 'Found.');
    shop.answer = () => (shop.journal.length < 3 ? { status: 503 } : { body: 'ok' });
    await agent.startRunner();
    await agent.reportOn(await agent.send('Look.'));
    expect(shop.journal).toHaveLength(3);
    expect(shop.journal[0]?.headers).not.toHaveProperty('idempotency-key');
    expect(toolAnswers(agent.model.getLastRequest()?.body as never)).toEqual(['ok']);
  });
});

describe('a run that does not end', () => {
  const endless = { toolCalls: [toolCall('book', {})] };

  it('is ended at its steps, and the next message is answered as if nothing had been', async () => {
    const { configuration } = useTools({ url: shop.origin });
    agent.configure(1, { ...configuration, limits: { ...configuration.limits, steps_per_run: 3 } });
    agent.model.onMessage('again', endless);
    agent.model.onMessage('next', { content: 'Fine.' });
    await agent.startRunner();
    const thread_id = newThreadId();
    expect(await agent.reportOn(await agent.send('again', { thread_id }))).toMatchObject({
      outcome: 'failed',
      code: 'run_limit_reached',
      detail: expect.stringContaining('limits.steps_per_run'),
    });
    expect(shop.journal).toHaveLength(3);
    expect(await agent.reportOn(await agent.send('next', { thread_id }))).toMatchObject({ content: 'Fine.' });
    expect(shop.journal).toHaveLength(3);
    expect(lastRequest().messages.slice(1)).toMatchObject([{ content: 'again' }, { content: 'next' }]);
  });

  it('is ended at its calls, before one too many is made', async () => {
    const { configuration } = useTools({ url: shop.origin });
    agent.configure(1, { ...configuration, limits: { ...configuration.limits, tool_calls_per_run: 2 } });
    agent.model.onMessage('again', endless);
    await agent.startRunner();
    expect(await agent.reportOn(await agent.send('again'))).toMatchObject({
      code: 'run_limit_reached',
      detail: expect.stringContaining('limits.tool_calls_per_run'),
    });
    expect(shop.journal).toHaveLength(2);
  });
});
