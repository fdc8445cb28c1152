import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { AgentFixture } from './test/agent.fixture';
import { RedisProcess } from './test/redis.process';

const root = resolve(import.meta.dirname, '../../..');
const sixtyWords = Array.from({ length: 60 }, (_, word) => `word${word}`).join(' ');

let folder: string;
let redis: RedisProcess;
let agent: AgentFixture;
beforeAll(async () => {
  await promisify(execFile)('node', ['tools/build/bundle.mjs', 'apps/agent-runner'], { cwd: root });
  folder = await mkdtemp(join(tmpdir(), 'agent-runner-'));
  await cp(join(root, 'dist/apps/agent-runner'), folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  redis = await RedisProcess.start();
}, 60_000);
afterAll(async () => {
  await redis.kill();
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  agent = await AgentFixture.create(redis.url);
});
afterEach(() => agent.destroy());

/** The bundle as a process of its own, far from any node_modules, with this environment and no other. */
function start(environment: Record<string, string>, ...args: string[]) {
  const child = spawn(process.execPath, ['main.js', ...args], { cwd: folder, env: environment });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const ended = once(child, 'close').then(([code, signal]: unknown[]) => ({ code, signal }));
  return {
    ended,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    output: () => output,
    isReady: () => vi.waitFor(() => expect(output).toContain('"ready"'), { timeout: 10_000 }),
  };
}

describe('the bundled runner', () => {
  it('warms up without an environment, a manager or Redis', async () => {
    const runner = start({}, '--warm');
    expect(await runner.ended).toEqual({ code: 0, signal: null });
    expect(runner.output()).toContain('graph compiled');
  });

  it('names what is missing in its environment and ends with 2', async () => {
    const runner = start({ AGENT_ID: 'nonsense' });
    expect(await runner.ended).toMatchObject({ code: 2 });
    expect(runner.output()).toMatch(/AGENT_ID[\s\S]*CONFIG_URL[\s\S]*EXCHANGE_CODE/);
    expect(runner.output()).not.toContain('nonsense');
  });

  it('prefers its command line to its environment', async () => {
    const environment = await agent.environment();
    const runner = start(
      { ...environment, AGENT_ID: 'agent_wrong_0000', CONFIG_URL: 'http://127.0.0.1:1/x', LOG_LEVEL: 'info' },
      ...['--agent-id', agent.agent_id, '--config-url', String(environment['CONFIG_URL'])],
    );
    await runner.isReady();
    runner.kill('SIGTERM');
    expect(await runner.ended).toMatchObject({ code: 0 });
  });

  it('finishes its run after SIGTERM, ends with 0 and says no secret', async () => {
    agent.model.onMessage(/[\s\S]*/, { content: sixtyWords }, { latency: 10, chunkSize: 10 });
    const runner = start({ ...(await agent.environment()), LOG_LEVEL: 'debug' });
    await runner.isReady();
    const message = await agent.send('the prompt canary');
    await vi.waitFor(async () => expect(await agent.streamed(message.thread_id)).not.toBe(''));
    runner.kill('SIGTERM');
    expect(await runner.ended).toEqual({ code: 0, signal: null });
    expect(await agent.reportOn(message)).toMatchObject({ outcome: 'completed', content: sixtyWords });
    expect(runner.output()).not.toMatch(/canary|token-inst|word59/);
  });

  it('ends within its grace period while it works and nobody takes its traces', async () => {
    const hanging = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(hanging, 'listening');
    const { port } = hanging.address() as AddressInfo;
    const asked = new Promise<void>((ask) => {
      agent.model.onMessage(/[\s\S]*/, () => {
        ask();
        return new Promise(() => undefined);
      });
    });
    const runner = start({
      ...(await agent.environment()),
      LOG_LEVEL: 'info',
      STOP_GRACE_SECONDS: '5',
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
    });
    await runner.isReady();
    await agent.send('hi');
    await asked;
    runner.kill('SIGTERM');
    expect(await runner.ended).toEqual({ code: 0, signal: null });
    expect(runner.output()).toContain('traces cannot be sent');
    expect(runner.output()).not.toContain('outlived');
    hanging.closeAllConnections();
    hanging.close();
  }, 20_000);

  it('ends with 65 when its code is refused', async () => {
    const environment = await agent.environment();
    agent.manager.exchange = null;
    const runner = start({ ...environment, LOG_LEVEL: 'info' });
    expect(await runner.ended).toMatchObject({ code: 65 });
    expect(runner.output()).toContain('Start the agent again');
  });

  it('ends with 66 when it was replaced', async () => {
    const environment = await agent.environment();
    const runner = start({ ...environment, LOG_LEVEL: 'info' });
    await runner.isReady();
    await agent.messaging.instanceAccess.revoke(String(environment['INSTANCE_ID']));
    expect(await runner.ended).toMatchObject({ code: 66 });
    expect(runner.output()).toContain('replaced');
  });
});
