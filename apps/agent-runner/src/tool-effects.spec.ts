import { internalPaths, type LoggedFrame } from '@roost/contracts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { AgentFixture } from './test/agent.fixture';
import { JournalServer, never } from './test/journal.server';
import { RedisProcess } from './test/redis.process';
import { type RunnerProcess, RunnerProgram } from './test/runner.process';
import { callsThenSays, httpTool, toolAnswers, toolCall } from './test/scripted.tools';

const PUT = `${internalPaths.checkpoints}/put`;
const WRITES = `${internalPaths.checkpoints}/writes`;

// Processes are started and killed.
vi.setConfig({ testTimeout: 60_000 });

let redis: RedisProcess;
let agent: AgentFixture;
let shop: JournalServer;
let program: RunnerProgram;
const processes: RunnerProcess[] = [];
beforeAll(async () => {
  [redis, program] = await Promise.all([RedisProcess.start(), RunnerProgram.build()]);
});
afterAll(async () => {
  await redis.kill();
  await program.remove();
});
beforeEach(async () => {
  [agent, shop] = await Promise.all([AgentFixture.create(redis.url), JournalServer.start()]);
  agent.allowed_hosts = [shop.host];
  agent.configure(1, {
    tools: [
      httpTool({
        url: `${shop.origin}/{table}`,
        parameters: { type: 'object', properties: { table: { type: 'string' } } },
      }),
    ],
  });
});
afterEach(async () => {
  await Promise.all(processes.splice(0).map((runner) => runner.kill()));
  await agent.destroy();
  await shop.stop();
});

async function startProcess(): Promise<RunnerProcess> {
  const runner = program.start(await agent.environment());
  processes.push(runner);
  return runner;
}

const waitFor = (condition: () => unknown) =>
  vi.waitFor(async () => expect(await condition()).toBeTruthy(), { timeout: 20_000, interval: 20 });

const calls = () => shop.journal.map(({ url, headers }) => [url, headers['idempotency-key']]);

const runsStarted = (frames: LoggedFrame[]) =>
  new Set(
    frames.flatMap((frame) => (frame.type === 'run' && frame.state === 'started' ? [frame.run_id] : [])),
  );

/** Requests to the model, those that had read an answer of a tool apart. */
const asked = () => {
  const requests = agent.model.getRequests().map(({ body }) => toolAnswers(body as never).length);
  return { first: requests.filter((answers) => answers === 0).length, after: requests.length };
};

describe('a runner killed in the middle of a run', () => {
  it('before the tool answered: the next one calls again, with the same key', async () => {
    callsThenSays(agent.model, [toolCall('book', { table: 'a' })], 'Booked.', 'One moment.');
    shop.answer = never;
    const killed = await startProcess();
    const message = await agent.send('Book it.', { opens_thread: true });
    await waitFor(() => shop.journal.length === 1);
    await killed.kill();

    shop.answer = () => ({ body: 'done' });
    await agent.startRunner();
    const content = 'One moment.\n\nBooked.';
    expect(await agent.reportOn(message)).toMatchObject({ outcome: 'completed', content, generation: 2 });
    const key = `${message.message_id}:0:0`;
    expect(calls()).toEqual([
      ['/a', key],
      ['/a', key],
    ]);
    expect(asked()).toEqual({ first: 1, after: 2 });
    expect(await agent.streamed(message.thread_id)).toBe(content);
    expect(runsStarted(await agent.frames(message.thread_id)).size).toBe(2);
  });

  it("after the tool's answer was stored, before the step was: the next one does not call again", async () => {
    callsThenSays(agent.model, [toolCall('book', { table: 'a' })], 'Booked.');
    let stored = 0;
    let held = 0;
    agent.manager.hold = (path) => {
      if (shop.journal.length === 0) return undefined;
      if (path === WRITES) stored += 1;
      if (path !== PUT) return undefined;
      held += 1;
      return never();
    };
    const killed = await startProcess();
    const message = await agent.send('Book it.', { opens_thread: true });
    await waitFor(() => stored === 1 && held === 1);
    await killed.kill();

    agent.manager.hold = () => undefined;
    await agent.startRunner();
    expect(await agent.reportOn(message)).toMatchObject({ outcome: 'completed', content: 'Booked.' });
    expect(calls()).toHaveLength(1);
    expect(asked()).toEqual({ first: 1, after: 2 });
  });

  it('while the model reads the answer: the next one asks that again and calls nothing', async () => {
    let readings = 0;
    callsThenSays(agent.model, [toolCall('book', { table: 'a' })], 'never said');
    agent.model.prependFixture({
      match: { predicate: (request) => toolAnswers(request).length > 0 },
      response: () => {
        readings += 1;
        return readings === 1 ? never() : { content: 'Booked.' };
      },
    });
    const killed = await startProcess();
    const message = await agent.send('Book it.', { opens_thread: true });
    await waitFor(() => readings === 1);
    await killed.kill();

    await agent.startRunner();
    expect(await agent.reportOn(message)).toMatchObject({ outcome: 'completed', content: 'Booked.' });
    expect(calls()).toHaveLength(1);
    expect(readings).toBe(2);
  });

  it('with one of two calls answered and stored: the next one makes only the other again', async () => {
    callsThenSays(
      agent.model,
      [toolCall('book', { table: 'a' }, 'one'), toolCall('book', { table: 'b' }, 'two')],
      'Both.',
    );
    shop.answer = ({ url }) => (url === '/a' ? { body: 'done a' } : never());
    let stored = 0;
    agent.manager.hold = (path) => {
      if (path === WRITES && shop.journal.length === 2) stored += 1;
      return undefined;
    };
    const killed = await startProcess();
    const message = await agent.send('Book both.', { opens_thread: true });
    await waitFor(() => shop.journal.length === 2 && stored >= 1);
    await killed.kill();

    shop.answer = () => ({ body: 'done b' });
    await agent.startRunner();
    expect(await agent.reportOn(message)).toMatchObject({ outcome: 'completed', content: 'Both.' });
    const key = (position: number) => `${message.message_id}:0:${position}`;
    expect(calls().sort()).toEqual([
      ['/a', key(0)],
      ['/b', key(1)],
      ['/b', key(1)],
    ]);
    expect(toolAnswers(agent.model.getLastRequest()?.body as never)).toEqual(['done a', 'done b']);
  });
});

describe('a run that was stopped', () => {
  it('in the middle of a call goes on in the next instance, with the same key', async () => {
    callsThenSays(agent.model, [toolCall('book', { table: 'a' })], 'Booked.');
    shop.answer = never;
    const runner = await agent.startRunner();
    const message = await agent.send('Book it.', { opens_thread: true });
    await waitFor(() => shop.journal.length === 1);
    await runner.stop(2_100);
    shop.answer = () => ({ body: 'done' });
    await agent.startRunner();
    expect(await agent.reportOn(message)).toMatchObject({ outcome: 'completed', content: 'Booked.' });
    expect(new Set(calls().map(([, key]) => key)).size).toBe(1);
    expect(asked()).toEqual({ first: 1, after: 2 });
  });

  it('leaves its tools alone when another message of the thread comes', async () => {
    callsThenSays(agent.model, [toolCall('book', { table: 'a' })], 'Booked.');
    agent.model.prependFixture({ match: { userMessage: 'next' }, response: { content: 'Fine.' } });
    shop.answer = never;
    const runner = await agent.startRunner();
    const message = await agent.send('Book it.', { opens_thread: true });
    await waitFor(() => shop.journal.length === 1);
    await runner.stop(2_100);
    await agent.messaging.streams.drop('inbox', agent.agent_id);
    await agent.startRunner();
    const next = await agent.send('next', { thread_id: message.thread_id });
    expect(await agent.reportOn(next)).toMatchObject({ outcome: 'completed', content: 'Fine.' });
    expect(shop.journal).toHaveLength(1);
  });
});
