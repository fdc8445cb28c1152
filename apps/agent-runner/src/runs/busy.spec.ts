import type { ChatCompletionRequest } from '@copilotkit/aimock';
import { newThreadId } from '@roost/contracts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { RunnerService } from '../lifecycle/runner.service';
import { AgentFixture } from '../test/agent.fixture';
import { EndlessModel } from '../test/endless.model';
import { RedisProcess } from '../test/redis.process';

const anything = /[\s\S]*/;
const words = Array.from({ length: 200 }, (_, word) => `word${word}`).join(' ');

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

const cancel = (...messages: { message_id: string }[]) =>
  agent.messaging.topics.publishCancel(agent.agent_id, {
    message_ids: messages.map(({ message_id }) => message_id),
  });
const untilStreamed = (thread_id: string) =>
  vi.waitFor(async () => {
    const text = await agent.streamed(thread_id);
    if (text.length < 20) throw new Error('nothing yet');
    return text;
  });
const inboxIsEmpty = () =>
  vi.waitFor(async () => expect(await agent.messaging.streams.peek('inbox', agent.agent_id, 10)).toEqual([]));
const conversation = () =>
  (agent.model.getRequests().at(-1)?.body as { messages: { role: string; content: unknown }[] }).messages
    .slice(1)
    .map(({ role, content }) => `${role}: ${String(content)}`);
const echo = ({ messages }: ChatCompletionRequest) => {
  const content = messages.at(-1)?.content;
  return { content: `re: ${typeof content === 'string' ? content : ''}` };
};

describe('a run that is cancelled', () => {
  let runner: RunnerService;
  beforeEach(async () => {
    agent.model.onMessage(/slow/, { content: words }, { chunkSize: 4, latency: 20 });
    agent.model.onMessage(anything, echo);
    runner = await agent.startRunner();
  });

  it('stops at once and reports exactly what was streamed', async () => {
    const message = await agent.send('slow');
    await untilStreamed(message.thread_id);
    const asked = performance.now();
    await cancel(message);
    const report = await agent.reportOn(message);
    expect(performance.now() - asked).toBeLessThan(1_000);

    const streamed = await agent.streamed(message.thread_id);
    expect(report).toMatchObject({ outcome: 'cancelled', content: streamed });
    expect(words.startsWith(streamed)).toBe(true);
    expect((await agent.frames(message.thread_id)).at(-1)).toMatchObject({ type: 'run', state: 'cancelled' });
    await inboxIsEmpty();
  });

  it('is remembered with what was asked and what was said, by this instance and the next', async () => {
    const message = await agent.send('slow');
    await untilStreamed(message.thread_id);
    await cancel(message);
    await agent.reportOn(message);
    const said = await agent.streamed(message.thread_id);

    await agent.reportOn(await agent.send('go on', { thread_id: message.thread_id }));
    expect(conversation()).toEqual(['user: slow', `assistant: ${said}`, 'user: go on']);
    await runner.stop(2_001);
    await agent.startRunner();
    await agent.reportOn(await agent.send('and?', { thread_id: message.thread_id }));
    expect(conversation().slice(0, 2)).toEqual(['user: slow', `assistant: ${said}`]);
  });

  it('whose report was lost is reported again as it was, and shown as cancelled again', async () => {
    const message = await agent.send('slow');
    await untilStreamed(message.thread_id);
    await cancel(message);
    const { content } = (await agent.reportOn(message)) as { content: string };
    await runner.stop(2_001);
    await agent.messaging.streams.add('inbox', agent.agent_id, message);
    await agent.startRunner();
    await vi.waitFor(async () => expect(await agent.allReports()).toHaveLength(2));
    expect((await agent.allReports())[1]).toMatchObject({ outcome: 'cancelled', content, generation: 2 });
    const frames = await agent.frames(message.thread_id);
    const last = frames.findLast((frame) => frame.type === 'run' && frame.state === 'started');
    expect(frames.at(-1)).toMatchObject({
      type: 'run',
      state: 'cancelled',
      run_id: (last as { run_id: string }).run_id,
    });
    expect(agent.model.getRequests()).toHaveLength(1);
  });

  it('before it has said anything is reported empty, and what was asked is remembered', async () => {
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    agent.model.prependFixture({
      match: { predicate: ({ messages }) => messages.at(-1)?.content === 'stuck' },
      response: async () => {
        await released;
        return { content: 'late' };
      },
    });
    const message = await agent.send('stuck');
    await vi.waitFor(async () => expect(await agent.frames(message.thread_id)).toHaveLength(1));
    await cancel(message);
    expect(await agent.reportOn(message)).toMatchObject({ outcome: 'cancelled', content: '' });
    release();
    await agent.reportOn(await agent.send('next', { thread_id: message.thread_id }));
    expect(conversation()).toEqual(['user: stuck', 'user: next']);
  });

  it('takes with it what waits behind it when that is cancelled, too, and the model never sees that', async () => {
    const first = await agent.send('slow');
    const second = await agent.send('waiting', { thread_id: first.thread_id });
    await untilStreamed(first.thread_id);
    await cancel(first, second);
    expect(await agent.reportOn(second)).toMatchObject({ outcome: 'cancelled', content: '' });
    expect(await agent.reportOn(first)).toMatchObject({ outcome: 'cancelled' });
    await inboxIsEmpty();
    expect(agent.model.getRequests()).toHaveLength(1);
  });

  it('by being ended in the log, without a word to the instance, stops with the next token', async () => {
    const message = await agent.send('slow');
    await untilStreamed(message.thread_id);
    const { agent_id, thread_id, message_id } = { agent_id: agent.agent_id, ...message };
    const ended = await agent.messaging.eventLog.endRuns(agent_id, thread_id, [message_id]);
    const report = await agent.reportOn(message);
    expect(report).toMatchObject({ outcome: 'cancelled', content: ended.get(message_id)?.content });
    expect(await agent.streamed(thread_id)).toBe(ended.get(message_id)?.content);
  });
});

describe('the request of a cancelled run to the model', () => {
  it.each(['told', 'barred from the log'])('is closed, whether the instance was %s', async (how) => {
    const model = await EndlessModel.start();
    onTestFinished(() => model.stop());
    agent.configure(1).model.base_url = model.base_url;
    await agent.startRunner();
    const message = await agent.send('go on for ever');
    await untilStreamed(message.thread_id);
    if (how === 'told') await cancel(message);
    else await agent.messaging.eventLog.endRuns(agent.agent_id, message.thread_id, [message.message_id]);
    await vi.waitFor(() => expect(model.abandoned).toBe(1), { timeout: 1_000 });
    expect(await agent.reportOn(message)).toMatchObject({ outcome: 'cancelled' });
  });
});

describe('a message that is cancelled before the instance has read it', () => {
  it('is never run', async () => {
    agent.model.onMessage(anything, echo);
    await agent.startRunner();
    const entry = agent.entry('unread');
    await cancel(entry);
    await agent.messaging.streams.add('inbox', agent.agent_id, entry);
    expect(await agent.reportOn(entry)).toMatchObject({ outcome: 'cancelled', content: '' });
    await agent.reportOn(await agent.send('other'));
    expect(agent.model.getRequests()).toHaveLength(1);
  });
});

describe('messages of an agent that collects', () => {
  const texts = ['one', 'two', 'three'];
  beforeEach(() => {
    agent.configure(1, { on_busy: 'collect', collect_pause_ms: 150, memory: { enabled: false, depth: 1 } });
    agent.model.onMessage(anything, echo);
  });

  it('that come within the pause get one reply, which has seen them all in order', async () => {
    await agent.startRunner();
    const thread_id = newThreadId();
    const sent = [];
    for (const text of texts) sent.push(await agent.send(text, { thread_id }));
    expect(await agent.reportOn(sent[2]!)).toMatchObject({
      outcome: 'completed',
      content: 're: three',
      joined_message_ids: [sent[0]!.message_id, sent[1]!.message_id],
    });
    expect(conversation()).toEqual(['user: one', 'user: two', 'user: three']);
    await inboxIsEmpty();
    expect(await agent.allReports()).toHaveLength(1);
  });

  it('are answered once when the instance ends between remembering and reporting', async () => {
    const thread_id = newThreadId();
    const first = await agent.startRunner();
    const sent = [];
    for (const text of texts) sent.push(await agent.send(text, { thread_id }));
    await agent.reportOn(sent[2]!);
    await first.stop(2_001);
    // As if neither the report nor the acknowledgement had come through; one more has arrived since.
    for (const entry of sent) await agent.messaging.streams.add('inbox', agent.agent_id, entry);
    const later = await agent.send('four', { thread_id });
    await agent.startRunner();
    expect(await agent.reportOn(later)).toMatchObject({ content: 're: four' });
    const reports = await agent.allReports();
    expect(reports).toHaveLength(3);
    expect(reports[1]).toMatchObject({
      ...reports[0],
      run_id: reports[1]!.run_id,
      generation: 2,
      timeline: expect.anything(),
    });
    expect(reports[2]).not.toHaveProperty('joined_message_ids');
    expect(agent.model.getRequests()).toHaveLength(2);
  });

  it('are not joined with one that may have killed its runner', async () => {
    const thread_id = newThreadId();
    const sent = [];
    for (const text of texts) sent.push(await agent.send(text, { thread_id }));
    agent.suspects = [sent[1]!.message_id];
    await agent.startRunner();
    for (const [index, message] of sent.entries())
      expect(await agent.reportOn(message)).toMatchObject({ content: `re: ${texts[index]}` });
    expect(await agent.allReports()).toHaveLength(3);
  });
});
