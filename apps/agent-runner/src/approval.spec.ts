import { APPROVAL_ARGUMENTS_BYTES_MAX, type InboxEntry } from '@roost/contracts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RunnerService } from './lifecycle/runner.service';
import { AgentFixture } from './test/agent.fixture';
import { JournalServer, never } from './test/journal.server';
import { RedisProcess } from './test/redis.process';
import { callsThenSays, httpTool, toolAnswers, toolCall } from './test/scripted.tools';
import { eventually, type Paused, useApprovals } from './test/use.approvals';

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
  const parameters = {
    type: 'object',
    properties: { table: { type: 'string' } },
    required: ['table'],
    additionalProperties: false,
  };
  agent.configure(1, {
    tools: [
      httpTool({ url: `${shop.origin}/{table}`, parameters, requires_approval: true }),
      httpTool({ url: `${shop.origin}/look/{table}`, parameters, name: 'look', method: 'GET' }),
    ],
  });
});
afterEach(async () => {
  await agent.destroy();
  await shop.stop();
});

const { untilPaused, untilEnded, resume } = useApprovals(() => agent);
const calls = () => shop.journal.map(({ url }) => url);

async function paused(
  ...tables: string[]
): Promise<{ message: InboxEntry; report: Paused; runner: RunnerService }> {
  callsThenSays(
    agent.model,
    tables.map((table) => toolCall('book', { table }, `call_${table}`)),
    'Booked.',
    'One moment.',
  );
  const runner = await agent.startRunner();
  const message = await agent.send('Book it.', { opens_thread: true });
  return { message, report: await untilPaused(message), runner };
}

const rejectedOnce = [{ type: 'http_request', completed: 0, failed: 0, rejected: 1 }];

describe('a call of a tool that requires approval', () => {
  it('is not made, and the run pauses: it says what it waits for and what was said', async () => {
    const { message, report } = await paused('a');
    expect(report).toMatchObject({
      content: 'One moment.',
      approvals: [
        { approval_id: expect.stringMatching(/^apr_\w{22}$/), tool: 'book', arguments: { table: 'a' } },
      ],
    });
    expect(calls()).toEqual([]);
    expect((await agent.frames(message.thread_id)).at(-1)).toMatchObject({ type: 'run', state: 'paused' });
    await eventually(async () =>
      expect(await agent.messaging.inboxes.entries(agent.agent_id)).toHaveLength(0),
    );
  });

  it('is made once it was approved, and the reply has all that was said', async () => {
    const { message, report } = await paused('a');
    await resume(message, [{ decision: 'approve' }], report);
    const content = 'One moment.\n\nBooked.';
    const ended = await untilEnded(message);
    expect(ended).toMatchObject({ outcome: 'completed', content });
    expect(ended.timeline).toBeUndefined();
    expect(calls()).toEqual(['/a']);
    expect(shop.journal[0]?.headers['idempotency-key']).toBe(`${message.message_id}:0:0`);
    expect(await agent.streamed(message.thread_id)).toBe(content);
  });

  it('is made with other arguments once they were edited, and the model is told', async () => {
    const { message, report } = await paused('a');
    await resume(message, [{ decision: 'edit', arguments: { table: 'b' } }], report);
    expect(await untilEnded(message)).toMatchObject({ outcome: 'completed' });
    expect(calls()).toEqual(['/b']);
    expect(toolAnswers(agent.model.getLastRequest()?.body as never)[0]).toMatch(
      /^A person changed the arguments of this call to \{"table":"b"\}\./,
    );
  });

  it('is not made with edited arguments that do not fit the tool', async () => {
    const { message, report } = await paused('a');
    await resume(message, [{ decision: 'edit', arguments: { table: 7 } }], report);
    await untilEnded(message);
    expect(calls()).toEqual([]);
    expect(toolAnswers(agent.model.getLastRequest()?.body as never)[0]).toContain('The arguments do not fit');
  });

  it('is not made once it was rejected, counts as rejected, and the model is told why', async () => {
    const { message, report } = await paused('a');
    await resume(message, [{ decision: 'reject', reason: 'too dear' }], report);
    expect(await untilEnded(message)).toMatchObject({ outcome: 'completed', tool_calls: rejectedOnce });
    expect(calls()).toEqual([]);
    expect(toolAnswers(agent.model.getLastRequest()?.body as never)).toEqual([
      'The call was rejected: too dear',
    ]);
  });

  it('asks nobody when its arguments do not fit: the model is told at once', async () => {
    callsThenSays(agent.model, [toolCall('book', { chair: 'a' })], 'Sorry.');
    await agent.startRunner();
    const message = await agent.send('Book it.', { opens_thread: true });
    expect(await untilEnded(message)).toMatchObject({ outcome: 'completed', content: 'Sorry.' });
    expect(calls()).toEqual([]);
  });
});

describe('a call that nobody can be asked about', () => {
  const nested = (levels: number): object => (levels === 0 ? {} : { a: nested(levels - 1) });

  it.each([
    ['holds NUL', { table: 'a\0b' }, 'NUL'],
    ['holds half a surrogate pair', { table: 'a\ud83e' }, 'surrogate'],
    ['is longer than a person is shown', { table: 'x'.repeat(APPROVAL_ARGUMENTS_BYTES_MAX) }, 'Send less'],
    ['is nested too deeply', { table: nested(40) }, 'nested'],
  ])('because it %s is not made, counts as rejected, and the model is told why', async (_what, args, why) => {
    agent.configure(1, {
      tools: [httpTool({ url: `${shop.origin}/any`, parameters: {}, requires_approval: true })],
    });
    callsThenSays(agent.model, [toolCall('book', args)], 'Sorry.');
    let answer: string | undefined;
    // Its journal leaves out long requests.
    agent.model.prependFixture({
      match: { predicate: (request) => ([answer] = toolAnswers(request)).length < 0 },
      response: { content: '' },
    });
    await agent.startRunner();
    const message = await agent.send('Book it.', { opens_thread: true });
    expect(await untilEnded(message)).toMatchObject({ content: 'Sorry.', tool_calls: rejectedOnce });
    expect(calls()).toEqual([]);
    expect(answer).toContain('A person has to allow this call');
    expect(answer).toContain(why);
  });
});

describe('several calls in one step', () => {
  it('each have a request of their own; those that need none are made at once, and once', async () => {
    callsThenSays(
      agent.model,
      [
        toolCall('book', { table: 'a' }, 'one'),
        toolCall('look', { table: 'b' }, 'two'),
        toolCall('book', { table: 'c' }, 'three'),
      ],
      'Done.',
    );
    await agent.startRunner();
    const message = await agent.send('Book.', { opens_thread: true });
    const report = await untilPaused(message);
    expect(report.approvals.map((request) => request.arguments)).toEqual([{ table: 'a' }, { table: 'c' }]);
    expect(calls()).toEqual(['/look/b']);
    await resume(message, [{ decision: 'approve' }, { decision: 'reject' }], report);
    expect(await untilEnded(message)).toMatchObject({ outcome: 'completed', content: 'Done.' });
    expect(calls()).toEqual(['/look/b', '/a']);
    const answers = toolAnswers(agent.model.getLastRequest()?.body as never);
    expect(answers).toHaveLength(3);
    expect(answers[2]).toMatch(/^The call was rejected/);
  });

  it('in a further step ask again, under other ids', async () => {
    agent.model.addFixture({
      match: { predicate: (request) => toolAnswers(request).length < 2 },
      response: { toolCalls: [toolCall('book', { table: 'a' })] },
    });
    agent.model.addFixture({ match: { predicate: () => true }, response: { content: 'Twice.' } });
    await agent.startRunner();
    const message = await agent.send('Book.', { opens_thread: true });
    const first = await untilPaused(message);
    await resume(message, [{ decision: 'approve' }], first);
    const second = await untilPaused(message, 2);
    expect(second.approvals[0]?.approval_id).not.toBe(first.approvals[0]?.approval_id);
    await agent.messaging.streams.add('inbox', agent.agent_id, {
      ...message,
      opens_thread: false,
      pauses: 2,
      approvals: [first, second].map(({ approvals: [request] }) => ({
        approval_id: request?.approval_id ?? '',
        decision: 'approve' as const,
      })),
    });

    expect(await untilEnded(message)).toMatchObject({ outcome: 'completed', content: 'Twice.' });
    expect(calls()).toEqual(['/a', '/a']);
  });
});

describe('a paused run', () => {
  it('asks under the same ids when the next instance takes it up without a decision', async () => {
    const { message, report, runner } = await paused('a');
    await runner.stop(2_100);
    await agent.startRunner();
    await agent.messaging.streams.add('inbox', agent.agent_id, { ...message, opens_thread: false });
    expect((await untilPaused(message, 2)).approvals).toEqual(report.approvals);
    expect(calls()).toEqual([]);
  });

  it('goes on in the next instance, and makes its call once though that one was stopped right after the approval', async () => {
    const { message, report, runner } = await paused('a');
    shop.answer = never;
    await resume(message, [{ decision: 'approve' }], report);
    await vi.waitFor(() => expect(calls()).toEqual(['/a']), { timeout: 20_000 });
    await runner.stop(2_100);
    shop.answer = () => ({ body: 'done' });
    await agent.startRunner();
    expect(await untilEnded(message)).toMatchObject({ outcome: 'completed' });
    expect(new Set(shop.journal.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
  });

  it('whose report was lost with Redis reports again when its message comes again', async () => {
    const { message, report } = await paused('a');
    await agent.messaging.streams.add('inbox', agent.agent_id, { ...message, opens_thread: false });
    expect((await untilPaused(message, 2)).approvals).toEqual(report.approvals);
    expect(calls()).toEqual([]);
  });

  it('holds its thread: what was on its way is let go of, and answered when it comes again', async () => {
    callsThenSays(agent.model, [toolCall('book', { table: 'a' })], 'Booked.');
    agent.model.prependFixture({ match: { userMessage: 'next' }, response: { content: 'Fine.' } });
    await agent.startRunner();
    const message = await agent.send('Book it.', { opens_thread: true });
    const next = await agent.send('next', { thread_id: message.thread_id });
    const report = await untilPaused(message);
    const other = await agent.send('next');
    expect(await untilEnded(other)).toMatchObject({ content: 'Fine.' });
    await eventually(async () =>
      expect(await agent.messaging.inboxes.entries(agent.agent_id)).toHaveLength(0),
    );
    expect((await agent.allReports()).map(({ message_id }) => message_id)).not.toContain(next.message_id);

    await resume(message, [{ decision: 'approve' }], report);
    await agent.messaging.streams.add('inbox', agent.agent_id, { ...next, pauses: 1 });
    expect(await untilEnded(next)).toMatchObject({ outcome: 'completed', content: 'Fine.' });
    const ended = (await agent.allReports()).filter(({ outcome }) => outcome === 'completed');
    expect(ended.map(({ message_id }) => message_id)).toEqual([
      other.message_id,
      message.message_id,
      next.message_id,
    ]);
  });
});
