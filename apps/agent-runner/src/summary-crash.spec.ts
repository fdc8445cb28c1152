import { type ChatCompletionRequest, getTextContent } from '@copilotkit/aimock';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { AgentFixture } from './test/agent.fixture';
import { never } from './test/journal.server';
import { RedisProcess } from './test/redis.process';
import { type RunnerProcess, RunnerProgram } from './test/runner.process';
import { httpTool } from './test/scripted.tools';

// Processes are started and killed.
vi.setConfig({ testTimeout: 60_000 });

let redis: RedisProcess;
let agent: AgentFixture;
let program: RunnerProgram;
let runner: RunnerProcess | undefined;
beforeAll(async () => {
  [redis, program] = await Promise.all([RedisProcess.start(), RunnerProgram.build()]);
});
afterAll(async () => {
  await redis.kill();
  await program.remove();
});
beforeEach(async () => {
  agent = await AgentFixture.create(redis.url);
});
afterEach(async () => {
  await runner?.kill();
  await agent.destroy();
});

const isSummary = ({ messages }: ChatCompletionRequest): boolean =>
  (getTextContent(messages[0]?.content ?? '') ?? '').startsWith('You keep the notes');

it('a runner killed while only the summary is open: the next one makes that, and says the reply as it was', async () => {
  // With a tool, for then each step is stored.
  agent.configure(1, {
    memory: { enabled: true, depth: 2, summarize: true },
    tools: [httpTool({ url: 'https://shop.example/' })],
  });
  let summaries = 0;
  agent.model.prependFixture({
    match: { endpoint: 'chat', predicate: isSummary },
    response: () => {
      summaries += 1;
      return summaries === 1 ? never() : { content: 'Her name is Ada.' };
    },
  });
  agent.model.onMessage('I am Ada.', { content: 'Hello Ada.' });
  agent.model.onMessage('I like tea.', { content: 'So do I.' });
  runner = program.start(await agent.environment());
  const first = await agent.send('I am Ada.', { opens_thread: true });
  await agent.reportOn(first);
  const second = await agent.send('I like tea.', { thread_id: first.thread_id });
  await vi.waitFor(() => expect(summaries).toBe(1), { timeout: 30_000 });
  await vi.waitFor(() => expect(agent.isAnswered(second)).toBe(true), { timeout: 30_000 });
  await runner.kill();

  await agent.startRunner();
  expect(await agent.reportOn(second)).toMatchObject({ outcome: 'completed', content: 'So do I.' });
  expect(summaries).toBe(2);
  const asked = agent.model
    .getRequests()
    .filter(({ body }) => !isSummary(body as ChatCompletionRequest)).length;
  expect(asked).toBe(2);
  expect(await agent.streamed(first.thread_id)).toBe('So do I.');
});
