import type { ChatCompletionRequest } from '@copilotkit/aimock';
import { internalPaths, newThreadId } from '@roost/contracts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
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

  it('is forgotten, also by the instance that knows it, when the manager erases it', async () => {
    agent.model.onMessage(anything, { content: 'Noted.' });
    await agent.startRunner();
    const { thread_id, ...first } = await agent.send('I am Ada.');
    await agent.reportOn(first);
    agent.manager.checkpoints.handle('delete-thread', { thread_id });
    const asked = () => agent.manager.requestsTo(`${internalPaths.checkpoints}/get`).length;
    const before = asked();
    await agent.messaging.topics.publishForgotten(agent.agent_id, { thread_id });
    await agent.reportOn(await agent.send('Who am I?', { thread_id }));
    expect(conversation().slice(1)).toEqual([{ role: 'user', content: 'Who am I?' }]);
    expect(asked()).toBe(before + 1);
  });

  it('is forgotten when the next message knows of an erasure that no news has come of yet', async () => {
    agent.model.onMessage(anything, { content: 'Tea.' });
    await agent.startRunner();
    const thread_id = newThreadId();
    const say = async (content: string, erasures: number) => {
      await agent.reportOn(await agent.send(content, { thread_id, erasures }));
      return conversation().slice(1);
    };
    await say('What do I drink?', 0);
    agent.manager.checkpoints.handle('delete-thread', { thread_id });
    expect(await say('Why?', 1)).toHaveLength(1);
    expect(await say('Since when?', 1)).toHaveLength(3);
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

  it('of sixteen threads at once raise no warning of Node', async () => {
    agent.model.onMessage(anything, { content: sixtyWords }, { chunkSize: 7, latency: 5 });
    const warnings: string[] = [];
    const hear = ({ name }: Error) => warnings.push(name);
    process.on('warning', hear);
    try {
      await agent.startRunner();
      const messages = await Promise.all(Array.from({ length: 16 }, () => agent.send('Hello')));
      for (const message of messages) await agent.reportOn(message);
      expect(warnings).toEqual([]);
    } finally {
      process.off('warning', hear);
    }
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
