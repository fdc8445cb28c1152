import type { ChatCompletionRequest } from '@copilotkit/aimock';
import { internalPaths, newThreadId } from '@roost/contracts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { readConfig } from './config';
import { exchangeCode } from './exchange/instance.exchange';
import { ExitError } from './lifecycle/exit.codes';
import { AgentFixture } from './test/agent.fixture';
import { RedisProcess } from './test/redis.process';

const anything = /[\s\S]*/;
const sixtyWords = Array.from({ length: 60 }, (_, word) => `word${word} 🌍`).join(' ');

let redis: RedisProcess;
let agent: AgentFixture;
beforeAll(async () => {
  redis = await RedisProcess.start();
});
afterAll(() => redis.kill());
beforeEach(async () => {
  agent = await AgentFixture.create(redis.url);
});
afterEach(() => agent.destroy());

const inboxIsEmpty = () =>
  vi.waitFor(async () => {
    expect(await agent.messaging.streams.peek('inbox', agent.agent_id, 10)).toEqual([]);
  });

/** Answers with what was said last. */
const echo = ({ messages }: ChatCompletionRequest): { content: string } => {
  const content = messages.at(-1)?.content;
  return { content: `re: ${typeof content === 'string' ? content : ''}` };
};

/** The last request the model saw, as its messages. */
const conversation = (index = -1): { role: string; content: unknown }[] =>
  (agent.model.getRequests().at(index)?.body as { messages: { role: string; content: unknown }[] }).messages;

describe('an answer', () => {
  it('is streamed in order and byte-equal to its report', async () => {
    agent.model.onMessage(anything, { content: sixtyWords }, { chunkSize: 7, latency: 2 });
    await agent.startRunner();
    const message = await agent.send('Hello');
    const report = await agent.reportOn(message);
    expect(report).toMatchObject({
      outcome: 'completed',
      thread_id: message.thread_id,
      generation: 1,
      content: sixtyWords,
      usage: { input_tokens: expect.any(Number), output_tokens: expect.any(Number) },
    });
    expect(await agent.streamed(message.thread_id)).toBe(sixtyWords);
    const frames = await agent.frames(message.thread_id);
    expect(frames.at(0)).toMatchObject({
      type: 'run',
      state: 'started',
      run_id: report.run_id,
      message_id: message.message_id,
    });
    expect(frames.at(-1)).toMatchObject({ type: 'run', state: 'completed', run_id: report.run_id });
    expect(frames.slice(1, -1).every(({ type }) => type === 'token')).toBe(true);
    expect(frames.length).toBeLessThan(60);
  });

  it('comes with its timeline, in its last run frame and in its report', async () => {
    agent.model.onMessage(anything, { content: sixtyWords }, { latency: 2, streamingProfile: { ttft: 150 } });
    await agent.startRunner();
    const sent = Date.now();
    const message = await agent.send('Hello', { accepted_at: sent });
    const { timeline } = await agent.reportOn(message);
    const took = Date.now() - sent;
    expect(timeline).toMatchObject({ wake: 'none', boot_ms: 0, clock_skewed: false });
    expect(timeline?.first_token_ms).toBeGreaterThanOrEqual(140);
    expect(timeline?.total_ms).toBeLessThanOrEqual(took + 20);
    const frames = await agent.frames(message.thread_id);
    expect(frames.at(-1)).toMatchObject({ type: 'run', state: 'completed', timeline });
    expect(frames.at(0)).not.toHaveProperty('timeline');
  });

  it('that failed has a timeline, too', async () => {
    agent.model.onMessage(anything, { error: { message: 'no' }, status: 401 });
    await agent.startRunner();
    const message = await agent.send('Hello');
    const { timeline, outcome } = await agent.reportOn(message);
    expect(outcome).toBe('failed');
    expect(timeline).toMatchObject({ last_token_ms: null });
    expect((await agent.frames(message.thread_id)).at(-1)).toMatchObject({ state: 'failed', timeline });
  });

  it('is asked for with the system prompt, model and limits of the version', async () => {
    const { configuration } = agent.configure(1, {
      system_prompt: 'You sell bread.',
      answer_in_user_language: true,
      use_markdown: true,
    });
    agent.configure(1, {
      ...configuration,
      model: { ...configuration.model, name: 'gpt-other', temperature: 0.3, max_tokens: 77 },
    });
    agent.model.onMessage(anything, { content: 'ok' });
    await agent.startRunner();
    await agent.reportOn(await agent.send('Hi'));
    const request = agent.model.getLastRequest();
    expect(request?.body).toMatchObject({
      model: 'gpt-other',
      temperature: 0.3,
      max_tokens: 77,
      stream: true,
    });
    const [system, user, ...rest] = conversation();
    expect(system).toMatchObject({ role: 'system', content: expect.stringMatching(/^You sell bread\./) });
    expect(system?.content).toMatch(/language the user writes in[\s\S]*Markdown/);
    expect(user).toMatchObject({ role: 'user', content: 'Hi' });
    expect(rest).toEqual([]);
  });

  it('is remembered by the next message of the thread, and by no other thread', async () => {
    agent.model.onMessage(anything, { content: 'Noted.' });
    await agent.startRunner();
    const first = await agent.send('I am Ada.');
    await agent.reportOn(first);
    await agent.reportOn(await agent.send('Who am I?', { thread_id: first.thread_id }));
    expect(conversation().slice(1)).toEqual([
      { role: 'user', content: 'I am Ada.' },
      { role: 'assistant', content: 'Noted.' },
      { role: 'user', content: 'Who am I?' },
    ]);
    await agent.reportOn(await agent.send('And I?'));
    expect(conversation().slice(1)).toEqual([{ role: 'user', content: 'And I?' }]);
  });

  it('to the message that opens a thread does not wait for memory', async () => {
    agent.model.onMessage(anything, { content: 'Noted.' });
    await agent.startRunner();
    const first = await agent.send('I am Ada.', { opens_thread: true });
    await agent.reportOn(first);
    expect(agent.manager.requestsTo(`${internalPaths.checkpoints}/get`)).toEqual([]);
    await agent.reportOn(await agent.send('Who am I?', { thread_id: first.thread_id }));
    expect(conversation()).toHaveLength(4);
  });

  it('is remembered by the next instance', async () => {
    agent.model.onMessage(anything, { content: 'Noted.' });
    const first = await agent.startRunner();
    const message = await agent.send('I am Ada.');
    await agent.reportOn(message);
    await first.stop(5_000);
    await agent.startRunner();
    await agent.reportOn(await agent.send('Who am I?', { thread_id: message.thread_id }));
    expect(conversation().map(({ content }) => content)).toContain('I am Ada.');
  });
});

describe('memory', () => {
  it('shows the model at most its depth of earlier messages, beginning with one of the user', async () => {
    agent.configure(1, { memory: { enabled: true, depth: 3 } });
    agent.model.onMessage(anything, { content: 'ok' });
    await agent.startRunner();
    const thread_id = newThreadId();
    for (const content of ['one', 'two', 'three', 'four']) {
      await agent.reportOn(await agent.send(content, { thread_id }));
    }
    expect(conversation().slice(1)).toEqual([
      { role: 'user', content: 'three' },
      { role: 'assistant', content: 'ok' },
      { role: 'user', content: 'four' },
    ]);
  });

  it('that is switched off shows the message alone', async () => {
    agent.configure(1, { memory: { enabled: false, depth: 10 } });
    agent.model.onMessage(anything, { content: 'ok' });
    await agent.startRunner();
    const { thread_id } = await agent.send('one').then(async (sent) => agent.reportOn(sent));
    await agent.reportOn(await agent.send('two', { thread_id }));
    expect(conversation().slice(1)).toEqual([{ role: 'user', content: 'two' }]);
  });
});

describe('many messages', () => {
  it('are answered one after the other within a thread', async () => {
    agent.model.onMessage(anything, echo);
    await agent.startRunner();
    const thread_id = newThreadId();
    const sent = await Promise.all(
      ['1', '2', '3', '4', '5'].map((content) => agent.send(content, { thread_id })),
    );
    await agent.reportOn(sent.at(-1)!);
    const reports = await agent.allReports();
    expect(reports.map((report) => report.outcome === 'completed' && report.content)).toEqual(
      ['1', '2', '3', '4', '5'].map((content) => `re: ${content}`),
    );
    expect(conversation()).toHaveLength(10);
    const states = (await agent.frames(thread_id)).flatMap((frame) =>
      frame.type === 'run' ? [frame.state] : [],
    );
    expect(states).toEqual(Array.from({ length: 5 }, () => ['started', 'completed']).flat());
  });

  it('of other threads do not wait for a slow one', async () => {
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    agent.model.onMessage('slow', async () => {
      await released;
      return { content: 'late' };
    });
    agent.model.onMessage(anything, { content: 'quick' });
    await agent.startRunner();
    const thread_id = newThreadId();
    const slow = await agent.send('slow', { thread_id });
    const behind = await Promise.all([1, 2, 3, 4].map(() => agent.send('behind', { thread_id })));
    const others = await Promise.all(Array.from({ length: 20 }, () => agent.send('other')));
    for (const other of others) expect(await agent.reportOn(other)).toMatchObject({ content: 'quick' });
    expect((await agent.allReports()).map(({ message_id }) => message_id)).not.toContain(slow.message_id);
    release();
    expect(await agent.reportOn(slow)).toMatchObject({ content: 'late' });
    for (const message of behind) await agent.reportOn(message);
  });

  it('never run more than the bound side by side', async () => {
    let running = 0;
    let most = 0;
    agent.model.onMessage(anything, async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return { content: 'ok' };
    });
    await agent.startRunner({ RUN_CONCURRENCY: '2' });
    const sent = await Promise.all(Array.from({ length: 20 }, () => agent.send('hi')));
    for (const message of sent) await agent.reportOn(message);
    expect(most).toBeLessThanOrEqual(2);
  });

  it('with the same id are answered once and all taken off the inbox', async () => {
    agent.model.onMessage(anything, { content: 'once' }, { latency: 20, chunkSize: 1 });
    await agent.startRunner();
    const message = await agent.send('hi');
    await agent.send('hi', message);
    await agent.send('hi', message);
    await agent.reportOn(message);
    await inboxIsEmpty();
    expect(agent.model.getRequests()).toHaveLength(1);
    expect(await agent.allReports()).toHaveLength(1);
  });

  it('sent again after their answer are answered from memory', async () => {
    agent.model.onMessage(anything, { content: 'once' });
    await agent.startRunner();
    const message = await agent.send('hi');
    await agent.reportOn(message);
    await inboxIsEmpty();
    await agent.send('hi', message);
    await vi.waitFor(async () => expect(await agent.allReports()).toHaveLength(2));
    expect(await agent.allReports()).toEqual([
      expect.objectContaining({ content: 'once' }),
      expect.objectContaining({ content: 'once' }),
    ]);
    expect(agent.model.getRequests()).toHaveLength(1);
  });
});

describe('a failing model', () => {
  const failureOf = async (content = 'hi') => {
    const message = await agent.send(content);
    const report = await agent.reportOn(message);
    const frames = await agent.frames(message.thread_id);
    return { report, states: frames.flatMap((frame) => (frame.type === 'run' ? [frame.state] : [])) };
  };

  it.each([
    [401, 'model_unauthorized', /model\.api_key/],
    [404, 'model_not_found', /model\.name/],
    [400, 'model_bad_request', /400/],
  ])('that answers %i fails the run at once with %s', async (status, code, detail) => {
    agent.model.nextRequestError(status, { message: 'no: sk-canary hi' });
    await agent.startRunner();
    const { report, states } = await failureOf();
    expect(report).toMatchObject({ outcome: 'failed', code, detail: expect.stringMatching(detail) });
    expect(JSON.stringify(report)).not.toContain('sk-canary');
    expect(states).toEqual(['started', 'failed']);
    expect(agent.model.getRequests()).toHaveLength(1);
  });

  it('that limits requests is asked again, and listeners are told', async () => {
    agent.model.nextRequestError(429).onMessage(anything, { content: 'at last' });
    await agent.startRunner();
    const { report, states } = await failureOf();
    expect(report).toMatchObject({ outcome: 'completed', content: 'at last' });
    expect(states).toEqual(['started', 'retrying', 'completed']);
  });

  it('that keeps failing is given up with model_unavailable', async () => {
    agent.model.onMessage(anything, { error: { message: 'broken' }, status: 500 });
    await agent.startRunner();
    const { report, states } = await failureOf();
    expect(report).toMatchObject({ outcome: 'failed', code: 'model_unavailable' });
    expect(states).toEqual(['started', 'retrying', 'retrying', 'retrying', 'failed']);
    expect(agent.model.getRequests()).toHaveLength(4);
  }, 15_000);

  it('that is not there is model_unavailable', async () => {
    const { model } = agent.configure(1);
    model.base_url = 'http://127.0.0.1:1/v1';
    await agent.startRunner({ MODEL_TIMEOUT_SECONDS: '1' });
    expect((await failureOf()).report).toMatchObject({ outcome: 'failed', code: 'model_unavailable' });
  });

  it('that is silent is given up with model_timeout', async () => {
    agent.model.onMessage(anything, () => new Promise(() => undefined));
    await agent.startRunner({ MODEL_STALL_SECONDS: '1' });
    expect((await failureOf()).report).toMatchObject({ outcome: 'failed', code: 'model_timeout' });
  });

  it('that answers too slowly is given up with model_timeout', async () => {
    agent.model.onMessage(anything, { content: sixtyWords }, { latency: 100, chunkSize: 1 });
    await agent.startRunner({ MODEL_TIMEOUT_SECONDS: '1' });
    const { report } = await failureOf();
    expect(report).toMatchObject({ outcome: 'failed', code: 'model_timeout' });
  });

  it('whose stream is cut is not asked again: the text would be repeated', async () => {
    agent.model.onMessage(
      anything,
      { content: sixtyWords },
      { chunkSize: 5, latency: 5, truncateAfterChunks: 8 },
    );
    await agent.startRunner();
    const message = await agent.send('hi');
    expect(await agent.reportOn(message)).toMatchObject({
      outcome: 'failed',
      code: 'model_unavailable',
      detail: expect.stringContaining('broke off'),
    });
    const streamed = await agent.streamed(message.thread_id);
    expect(streamed).not.toBe('');
    expect(sixtyWords.startsWith(streamed)).toBe(true);
    expect(agent.model.getRequests()).toHaveLength(1);
  });

  it('that sends no answer is model_malformed', async () => {
    agent.model.onMessage(anything, { content: 'ok' }).setChaos({ malformedRate: 1 });
    await agent.startRunner();
    expect((await failureOf()).report).toMatchObject({ outcome: 'failed', code: 'model_malformed' });
  });

  it('does not keep the next message from being answered', async () => {
    agent.model.nextRequestError(401).onMessage(anything, { content: 'fine' });
    await agent.startRunner();
    const { report } = await failureOf('first');
    const next = await agent.send('second', { thread_id: report.thread_id });
    expect(await agent.reportOn(next)).toMatchObject({ outcome: 'completed', content: 'fine' });
    expect(agent.exits).not.toHaveBeenCalled();
  });
});

describe('a changed configuration', () => {
  it('is fetched before the first message that was accepted under it', async () => {
    agent.model.onMessage(anything, { content: 'ok' });
    await agent.startRunner();
    agent.configure(2, { system_prompt: 'You are new.' });
    await agent.reportOn(await agent.send('hi', { version: 2 }));
    expect(conversation()[0]).toMatchObject({ content: expect.stringContaining('You are new.') });
    await agent.reportOn(await agent.send('hi', { version: 2 }));
    await agent.reportOn(await agent.send('hi', { version: 1 }));
    expect(conversation()[0]).toMatchObject({ content: expect.stringContaining('You are a test.') });
    expect(agent.manager.requestsTo('/agents/')).toHaveLength(1);
  });

  it('that cannot be fetched fails the run and not the instance', async () => {
    agent.model.onMessage(anything, { content: 'ok' });
    await agent.startRunner();
    expect(await agent.reportOn(await agent.send('hi', { version: 9 }))).toMatchObject({
      code: 'run_failed',
    });
    expect(await agent.reportOn(await agent.send('hi'))).toMatchObject({ outcome: 'completed' });
  });
});

describe('an instance', () => {
  it('tells the manager when it answers messages, and beats with what it works on', async () => {
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    agent.model.onMessage(anything, () => released.then(() => ({ content: 'ok' })));
    await agent.startRunner();
    expect(agent.manager.requestsTo(internalPaths.ready)).toEqual([
      expect.objectContaining({ authorization: `Bearer ${agent.manager.token}` }),
    ]);
    const message = await agent.send('hi');
    await vi.waitFor(
      async () => {
        expect(await agent.messaging.heartbeats.read(agent.agent_id)).toMatchObject({
          generation: 1,
          running_version: 1,
          message_ids: [message.message_id],
          begun_ids: [message.message_id],
        });
      },
      { timeout: 8_000 },
    );
    release();
    await agent.reportOn(message);
  }, 15_000);

  it('takes over what a former one had read and not answered', async () => {
    agent.model.onMessage(anything, echo);
    const message = await agent.send('left behind');
    const former = agent.messaging.consumer(
      { name: 'inbox', agent_id: agent.agent_id, consumer: 'former', onRejected: () => undefined },
      false,
    );
    await former.join();
    expect(await former.read(10)).toHaveLength(1);
    const waiting = await agent.send('waiting', { thread_id: message.thread_id });
    await agent.startRunner();
    await agent.reportOn(waiting);
    expect((await agent.allReports()).map((report) => 'content' in report && report.content)).toEqual([
      're: left behind',
      're: waiting',
    ]);
    await inboxIsEmpty();
  });

  it('finishes its run when it is stopped, and takes nothing more', async () => {
    agent.model.onMessage(anything, { content: sixtyWords }, { latency: 10, chunkSize: 12 });
    const runner = await agent.startRunner();
    const message = await agent.send('hi');
    await vi.waitFor(async () => expect(await agent.streamed(message.thread_id)).not.toBe(''));
    const stopped = runner.stop(20_000);
    const late = await agent.send('late');
    await stopped;
    expect(await agent.reportOn(message)).toMatchObject({ outcome: 'completed', content: sixtyWords });
    expect(await agent.messaging.streams.peek('inbox', agent.agent_id, 10)).toEqual([late]);
  });

  it('hands back what it cannot finish in time, and the next one answers it', async () => {
    let asked = 0;
    agent.model.onMessage(anything, () => {
      asked += 1;
      return asked === 1 ? new Promise(() => undefined) : { content: 'done' };
    });
    const runner = await agent.startRunner();
    const message = await agent.send('hi');
    await vi.waitFor(() => expect(asked).toBe(1));
    await runner.stop(2_100);
    expect(await agent.allReports()).toEqual([]);
    await agent.startRunner();
    expect(await agent.reportOn(message)).toMatchObject({
      outcome: 'completed',
      content: 'done',
      generation: 2,
    });
  });

  it('ends when its Redis user is deleted, without another word', async () => {
    let release: () => void = () => undefined;
    const asked = new Promise<void>((ask) => {
      agent.model.onMessage(anything, () => {
        ask();
        return new Promise((resolve) => (release = () => resolve({ content: 'too late' })));
      });
    });
    await agent.startRunner();
    const message = await agent.send('hi');
    await asked;
    const heartbeat = await agent.messaging.heartbeats.read(agent.agent_id);
    await agent.messaging.instanceAccess.revoke(heartbeat!.instance_id);
    await vi.waitFor(() => expect(agent.exits).toHaveBeenCalled());
    release();
    expect(agent.exits.mock.calls).toEqual([[expect.objectContaining({ reason: 'replaced', code: 66 })]]);
    await vi.waitFor(() =>
      expect(agent.manager.requestsTo(`${internalPaths.checkpoints}/put`)).toHaveLength(1),
    );
    expect(await agent.allReports()).toEqual([]);
    expect(await agent.streamed(message.thread_id)).toBe('');
  });

  it('ends when the manager refuses its token', async () => {
    agent.model.onMessage(anything, { content: 'ok' });
    await agent.startRunner();
    agent.manager.token = 'of-the-next-one';
    await agent.send('hi');
    await vi.waitFor(() => expect(agent.exits).toHaveBeenCalled());
    expect(agent.exits.mock.calls[0]![0]).toMatchObject({ reason: 'replaced' });
    expect(await agent.allReports()).toEqual([]);
  });

  it('is refused a code that was used before', async () => {
    const environment = await agent.environment();
    const { config } = readConfig([], environment);
    await exchangeCode(config);
    const refused = exchangeCode(config);
    await expect(refused).rejects.toThrow(ExitError);
    await expect(refused).rejects.toMatchObject({ reason: 'exchange_refused', code: 65 });
  });

  it('keeps asking a manager that is not ready yet', async () => {
    const environment = await agent.environment();
    agent.manager.failNext.push(503, 503);
    await expect(exchangeCode(readConfig([], environment).config)).resolves.toMatchObject({ generation: 1 });
  });
});
