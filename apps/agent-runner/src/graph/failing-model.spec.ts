import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
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
