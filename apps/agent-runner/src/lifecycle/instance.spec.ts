import type { ChatCompletionRequest } from '@copilotkit/aimock';
import { internalPaths } from '@roost/contracts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { readConfig } from '../config';
import { exchangeCode } from '../exchange/instance.exchange';
import { ExitError } from './exit.codes';
import { AgentFixture } from '../test/agent.fixture';
import { RedisProcess } from '../test/redis.process';

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
