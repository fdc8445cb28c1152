import type { LangSmithTracing } from '@roost/contracts';
import { LangSmithReceiver } from '@roost/testing';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { AgentFixture } from '../test/agent.fixture';
import { JournalServer } from '../test/journal.server';
import { RecordingProxy } from '../test/recording.proxy';
import { RedisProcess } from '../test/redis.process';
import { RunnerProgram } from '../test/runner.process';
import { callsThenSays, httpTool, toolCall } from '../test/scripted.tools';

let program: RunnerProgram;
let redis: RedisProcess;
let agent: AgentFixture;
let shop: JournalServer;
let receiver: LangSmithReceiver;
beforeAll(async () => {
  [program, redis] = await Promise.all([RunnerProgram.build(), RedisProcess.start()]);
}, 60_000);
afterAll(() => Promise.all([program.remove(), redis.kill()]));
beforeEach(async () => {
  [agent, shop, receiver] = await Promise.all([
    AgentFixture.create(redis.url),
    JournalServer.start(),
    LangSmithReceiver.start(),
  ]);
});
afterEach(async () => {
  await agent.destroy();
  await shop.stop();
  receiver.stop();
});

const wanted = (changes: Partial<LangSmithTracing> = {}): LangSmithTracing => ({
  endpoint: receiver.endpoint,
  api_key: 'key-canary',
  project: 'a-project',
  hide_inputs: false,
  hide_outputs: false,
  ...changes,
});

/** What people, models and tools say in a run. */
const texts = ['text of a user', 'text of a reply', 'text of arguments', 'text of a tool'];
const configure = (): void => {
  agent.allowed_hosts = [shop.host];
  agent.secrets = { shop: 'secret-canary' };
  shop.answer = () => ({ body: 'text of a tool' });
  const tool = httpTool({ url: `${shop.origin}/book`, headers: { authorization: 'Bearer {secret.shop}' } });
  agent.configure(1, { tools: [tool] });
  callsThenSays(agent.model, [toolCall('book', { table: 'text of arguments' })], 'text of a reply');
};

/** Answers one message and is stopped. @returns how it ended. */
async function runOnce(environment: Record<string, string> = {}): Promise<unknown> {
  const runner = program.start({ ...(await agent.environment()), ...environment });
  onTestFinished(() => runner.kill());
  await agent.reportOn(await agent.send('text of a user'));
  return runner.stop();
}

describe('LangSmith', () => {
  it('is told of a run, texts and calls included, before a stop is over, and of no secret', async () => {
    configure();
    agent.langsmith = wanted();
    expect(await runOnce()).toBe(0);
    for (const text of ['"session_name":"a-project"', 'invoke_agent', 'ChatOpenAI', ...texts])
      expect(receiver.bodies).toContain(text);
    expect([...receiver.keys]).toEqual(['key-canary']);
    for (const secret of ['canary', 'token-inst']) expect(receiver.bodies).not.toContain(secret);
  });

  it('is told nothing that is hidden', async () => {
    configure();
    agent.langsmith = wanted({ hide_inputs: true, hide_outputs: true });
    expect(await runOnce()).toBe(0);
    expect(receiver.bodies).toContain('invoke_agent');
    for (const text of texts) expect(receiver.bodies).not.toContain(text);
  });

  it('is told that there was an error, and not which, where something is hidden', async () => {
    agent.model.onMessage(/[\s\S]*/, { error: { message: 'text of an error' }, status: 400 });
    agent.langsmith = wanted({ hide_outputs: true });
    expect(await runOnce()).toBe(0);
    expect(receiver.bodies).toContain('"hidden"');
    expect(receiver.bodies).not.toContain('text of an error');
  });

  it('is reached through the proxy, as models are', async () => {
    const proxy = await RecordingProxy.start({ 'smith.example': receiver.endpoint });
    onTestFinished(() => proxy.stop());
    configure();
    agent.langsmith = wanted({ endpoint: 'http://smith.example' });
    expect(await runOnce({ HTTP_PROXY: proxy.url })).toBe(0);
    expect(proxy.hosts).toContain('smith.example');
    expect(receiver.bodies).toContain('text of a reply');
  });

  it('that does not answer holds up neither a reply nor a stop', async () => {
    const hanging = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(hanging, 'listening');
    onTestFinished(() => void hanging.close());
    onTestFinished(() => hanging.closeAllConnections());
    configure();
    agent.langsmith = wanted({ endpoint: `http://127.0.0.1:${(hanging.address() as AddressInfo).port}` });
    expect(await runOnce({ STOP_GRACE_SECONDS: '5' })).toBe(0);
  });

  it('is told nothing where the manager does not say so, whatever the environment says', async () => {
    configure();
    const environment = { LANGSMITH_ENDPOINT: receiver.endpoint, LANGSMITH_API_KEY: 'key' };
    expect(await runOnce({ ...environment, LANGSMITH_TRACING: 'true', LANGCHAIN_TRACING_V2: 'true' })).toBe(
      0,
    );
    expect([...receiver.keys]).toEqual([]);
  });
});
