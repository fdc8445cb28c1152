import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { internalPaths } from '@roost/contracts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { AgentFixture } from '../test/agent.fixture';
import { RedisProcess } from '../test/redis.process';

const root = resolve(import.meta.dirname, '../../../..');
const PATIENCE = { timeout: 15_000, interval: 10 };

let folder: string;
let redis: RedisProcess;
let agent: AgentFixture;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agent-runner-pool-'));
  const bundle = promisify(execFile)('node', ['tools/build/bundle.mjs', 'apps/agent-runner'], { cwd: root });
  await bundle;
  await cp(join(root, 'dist/apps/agent-runner'), folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
}, 60_000);
afterAll(() => rm(folder, { recursive: true }));
beforeEach(async () => {
  redis = await RedisProcess.start();
  agent = await AgentFixture.create(redis.url);
});
afterEach(async () => {
  await agent.destroy();
  await redis.kill();
});

function start(env: Record<string, string>) {
  const child = spawn(process.execPath, ['main.js'], { cwd: folder, env });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const ended = once(child, 'close').then(([code, signal]: unknown[]) => ({ code, signal }));
  return { ended, output: () => output, terminate: () => child.kill('SIGTERM') };
}

const waits = (): Promise<void> => vi.waitFor(() => expect(agent.manager.waiting).toHaveLength(1), PATIENCE);
const runs = (): Promise<void> =>
  vi.waitFor(() => expect(agent.manager.requestsTo(internalPaths.ready)).toHaveLength(1), PATIENCE);

describe('a member of the warm pool', { timeout: 60_000 }, () => {
  it('waits without an agent, becomes the runner of the one it is given, and answers', async () => {
    agent.model.onMessage(/[\s\S]*/, { content: 'Here I am.' });
    const environment = agent.poolEnvironment();
    const member = start(environment);
    await waits();
    expect(agent.manager.waiting).toEqual([{ instance_id: environment['INSTANCE_ID'], token: 'pool-token' }]);
    expect(agent.manager.requestsTo(internalPaths.exchange)).toEqual([]);

    const claimed = performance.now();
    await agent.claim(environment);
    await runs();
    const ready = performance.now();
    const message = await agent.send('Hello?');
    expect(await agent.reportOn(message)).toMatchObject({ outcome: 'completed', content: 'Here I am.' });
    console.log(
      `claim to ready ${Math.round(ready - claimed)} ms, answer after ${Math.round(performance.now() - ready)} ms`,
    );

    member.terminate();
    expect(await member.ended).toEqual({ code: 0, signal: null });
    expect(member.output()).not.toMatch(/pool-code|pool-token/);
  });

  it('that is asked to end while it waits ends at once, with 0', async () => {
    const member = start(agent.poolEnvironment());
    await waits();
    member.terminate();
    expect(await member.ended).toEqual({ code: 0, signal: null });
  });

  it('whose code is refused ends with 65', async () => {
    const environment = agent.poolEnvironment();
    agent.manager.poolExchange = null;
    expect(await start(environment).ended).toMatchObject({ code: 65 });
  });

  it('waits on while the manager is away', async () => {
    const environment = agent.poolEnvironment();
    start(environment);
    await waits();
    agent.manager.failNext.push(503, 503);
    await agent.claim(environment);
    await runs();
  });

  it('waits on after its connection was cut, and is still assigned', async () => {
    const environment = agent.poolEnvironment();
    start(environment);
    await waits();
    const kill = promisify(execFile)('redis-cli', ['-u', redis.url, 'CLIENT', 'KILL', 'TYPE', 'normal']);
    await kill;
    await agent.claim(environment);
    await runs();
  });

  it('that Redis has forgotten ends with 66, for it could never be assigned', async () => {
    const environment = agent.poolEnvironment();
    const member = start(environment);
    await waits();
    await agent.messaging.instanceAccess.revoke(String(environment['INSTANCE_ID']));
    expect(await member.ended).toMatchObject({ code: 66 });
  });
});
