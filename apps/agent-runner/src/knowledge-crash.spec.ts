import { newThreadId } from '@roost/contracts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { AgentFixture } from './test/agent.fixture';
import { never } from './test/journal.server';
import { RedisProcess } from './test/redis.process';
import { type RunnerProcess, RunnerProgram } from './test/runner.process';
import { chunk, json, knowledgeTool, looksUp, questionsTo, scriptKnowledge } from './test/scripted.knowledge';

// Processes are started and killed.
vi.setConfig({ testTimeout: 60_000 });

let redis: RedisProcess;
let agent: AgentFixture;
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
  agent = await AgentFixture.create(redis.url);
  agent.configure(1, { tools: [knowledgeTool()] });
  agent.manager.knowledge = () => [chunk('a', 'relevant'), chunk('b', 'of no use')];
});
afterEach(async () => {
  await Promise.all(processes.splice(0).map((runner) => runner.kill()));
  await agent.destroy();
});

async function startProcess(): Promise<RunnerProcess> {
  const runner = program.start(await agent.environment());
  processes.push(runner);
  return runner;
}

const waitFor = (condition: () => unknown) =>
  vi.waitFor(() => expect(condition()).toBeTruthy(), { timeout: 30_000, interval: 20 });

/** Steps of a run as the store counts them. The input comes first; 1 decides what to look up. */
const RETRIEVED = 2;
const JUDGED = 3;
const hasStored = (thread_id: string, step: number) => () =>
  agent.manager.checkpoints.newest(thread_id)?.metadata['step'] === step;

describe('a runner killed in the middle of a search', () => {
  it('after retrieving: the next one judges what was found, and does not look it up again', async () => {
    let judged = 0;
    scriptKnowledge(agent.model, {
      agent: () => looksUp('first'),
      grade: (passage) => {
        judged += 1;
        return judged <= 2 ? never() : json({ relevant: passage === 'relevant' });
      },
    });
    const killed = await startProcess();
    const message = await agent.send('Where?', { opens_thread: true });
    await waitFor(() => judged === 2);
    await waitFor(hasStored(message.thread_id, RETRIEVED));
    await killed.kill();

    await agent.startRunner();
    expect(await agent.reportOn(message)).toMatchObject({
      outcome: 'completed',
      generation: 2,
      content: 'Found it [1].',
      citations: [{ chunk_id: 'a' }],
    });
    expect(agent.manager.searches).toHaveLength(1);
    expect(judged).toBe(4);
    expect(questionsTo(agent.model)).toMatchObject({ agent: 1, generate: 1 });
  });

  it('before the answer: the next one only writes that, and knows what all of it has cost', async () => {
    let generated = 0;
    scriptKnowledge(agent.model, {
      generate: () => {
        generated += 1;
        return generated === 1 ? never() : { content: 'Found it [1].' };
      },
    });
    const killed = await startProcess();
    const message = await agent.send('Where?', { opens_thread: true });
    await waitFor(() => generated === 1);
    await waitFor(hasStored(message.thread_id, JUDGED));
    await killed.kill();

    await agent.startRunner();
    const report = await agent.reportOn(message);
    expect(report).toMatchObject({ outcome: 'completed', citations: [{ chunk_id: 'a' }] });
    expect(report.token_usage).toMatchObject([
      { kind: 'agent', calls: 2 },
      { kind: 'grading', calls: 2 },
    ]);
    expect(agent.manager.searches).toHaveLength(1);
    expect(generated).toBe(2);
    expect(questionsTo(agent.model)).toMatchObject({ agent: 1, grade: 2 });
    expect(await agent.streamed(message.thread_id)).toBe('Found it [1].');
  });
});

describe('collected messages whose search was interrupted before the model had said anything', () => {
  it('are answered together; what has come since gets a run of its own', async () => {
    agent.configure(1, {
      tools: [knowledgeTool()],
      knowledge: { limit_to_knowledge_base: true, grading_model: null },
      on_busy: 'collect',
      collect_pause_ms: 150,
    });
    let judged = 0;
    scriptKnowledge(agent.model, {
      route: (request) =>
        json(
          request.messages.at(-1)?.content === 'Thanks!'
            ? { action: 'reply', queries: [] }
            : { action: 'search', queries: ['where'] },
        ),
      agent: () => ({ content: 'You are welcome.' }),
      grade: () => {
        judged += 1;
        return judged <= 2 ? never() : json({ relevant: true });
      },
    });
    const runner = await agent.startRunner();
    const thread_id = newThreadId();
    const first = await agent.send('Where?', { thread_id, opens_thread: true });
    const second = await agent.send('Please.', { thread_id });
    await waitFor(() => judged === 2);
    await waitFor(hasStored(thread_id, RETRIEVED));
    await runner.stop(2_001);
    const later = await agent.send('Thanks!', { thread_id });

    await agent.startRunner();
    expect(await agent.reportOn(later)).toMatchObject({ outcome: 'completed', content: 'You are welcome.' });
    expect(await agent.reportOn(second)).toMatchObject({
      outcome: 'completed',
      content: 'Found it [1].',
      joined_message_ids: [first.message_id],
    });
    expect(agent.manager.searches).toHaveLength(1);
  });
});
