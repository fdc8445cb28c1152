import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePort, identify, isAlive, waitUntil, type ProcessIdentity } from '@roost/devstack';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { pathsOf } from './paths';
import { readStackState } from './stack.lock';
import { stopLocalStack } from './stop.command';

interface Running {
  child: ChildProcess;
  output(): string;
  ended: Promise<number | null>;
}

const repository = resolve(import.meta.dirname, '..', '..', '..');
let root: string;
let port: number;
let started: ChildProcess[];

// A test starts three servers, some of them twice.
vi.setConfig({ testTimeout: 90_000 });

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'local-stack-'));
  chmodSync(root, 0o711);
  cpSync(join(repository, 'tools', 'local', 'fixtures', 'apps'), join(root, 'dist', 'apps'), {
    recursive: true,
  });
  symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'));
  writeFileSync(join(root, 'package.json'), '{"type":"module"}');
  port = await freePort();
  started = [];
});
afterEach(async () => {
  for (const child of started) child.kill('SIGKILL');
  await stopLocalStack(pathsOf(root));
  rmSync(root, { recursive: true, force: true });
});

async function start(mode: 'all' | 'deps' = 'all', env: NodeJS.ProcessEnv = {}): Promise<Running> {
  const script = join(import.meta.dirname, 'local.stack.fixture.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', script, root, mode], {
    cwd: repository,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      OPENAI_API_KEY: '',
      MANAGER_PORT: String(port),
      INTERNAL_PORT: String(await freePort()),
      GATEWAY_PORT: String(await freePort()),
      ...env,
    },
  });
  started.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return { child, ended, output: () => output };
}

async function ready(stack: Running): Promise<Running> {
  await waitUntil(
    'the stack is up',
    async () => {
      if (stack.child.exitCode !== null) throw new Error(`it ended:\n${stack.output()}`);
      return Promise.resolve(/End it|npm stop ends them/.test(stack.output()) || undefined);
    },
    { deadlineMs: 60_000 },
  );
  return stack;
}

async function end(stack: Running, signal: NodeJS.Signals = 'SIGINT'): Promise<number | null> {
  stack.child.kill(signal);
  return stack.ended;
}

const ask = async <T>(path: string) => (await (await fetch(`http://127.0.0.1:${port}${path}`)).json()) as T;
const state = () => readStackState(join(root, '.roost', 'stack.json'));
const startRunner = async () => identify((await ask<{ pid: number }>('/run')).pid) as ProcessIdentity;
const oneLine = (output: string) => output.trim().split('\n').at(-1);

/** The processes whose command line names the stack's directory. */
async function processes(): Promise<string> {
  const ps = spawn('pgrep', ['-f', root], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  for await (const chunk of ps.stdout) output += String(chunk);
  return output.trim();
}

describe('npm start', () => {
  it('ends by telling where the docs are, the key it made and how to talk to the demo agent', async () => {
    const stack = await ready(await start());
    const { agent_id, api_key } = state() ?? {};
    expect(agent_id).toMatch(/^agent_demo_/);
    expect(stack.output()).toContain(`http://127.0.0.1:${port}/docs`);
    expect(stack.output()).toContain(api_key);
    expect(stack.output()).toContain(`npm run chat -- ${agent_id ?? ''}`);
    expect(stack.output()).toContain('a demo that repeats what it hears');
    expect(statSync(join(root, '.roost', 'secrets.json')).mode & 0o777).toBe(0o600);
    expect(statSync(join(root, '.roost', 'stack.json')).mode & 0o777).toBe(0o600);
    expect(await end(stack)).toBe(0);
  });

  it('gives the manager its servers, its secrets and the process launcher, on loopback', async () => {
    await ready(await start());
    const env = await ask<NodeJS.ProcessEnv>('/environment');
    expect(env).toMatchObject({
      MANAGER_HOST: '127.0.0.1',
      LAUNCHER: 'process',
      OPENAI_API_KEY: 'demo',
      RUNNER_ENTRY: join(root, 'dist', 'apps', 'agent-runner', 'main.js'),
    });
    expect(Buffer.from(env['SECRETS_KEY'] ?? '', 'base64')).toHaveLength(32);
    const model = await fetch(`${env['OPENAI_BASE_URL'] ?? ''}/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] }),
    });
    expect(await model.text()).toContain('demo model');
  });

  it('leaves the model to OPENAI_API_KEY where there is one, also from .env', async () => {
    writeFileSync(join(root, '.env'), 'OPENAI_API_KEY=sk-mine\nOPENAI_BASE_URL=http://127.0.0.1:9/v1\n');
    const stack = await ready(await start('all', { OPENAI_API_KEY: undefined }));
    expect(await ask('/environment')).toMatchObject({
      OPENAI_API_KEY: 'sk-mine',
      OPENAI_BASE_URL: 'http://127.0.0.1:9/v1',
    });
    expect(stack.output()).toContain('the provider of OPENAI_API_KEY');
  });

  it('keeps data, key and agent over a second start', async () => {
    await end(await ready(await start()));
    const first = await start();
    await ready(first);
    const { agent_id, api_key } = state() ?? {};
    await end(first);

    await ready(await start());
    expect(state()).toMatchObject({ agent_id, api_key });
    expect(await ask('/starts')).toEqual({ count: 3 });
  });

  it('refuses a second copy in one line, and the first goes on', async () => {
    await ready(await start());
    const second = await start();
    expect(await second.ended).toBe(1);
    expect(second.output().trim()).toMatch(
      /^Roost already runs in this directory at http.* \(process \d+\): use it, or end it with npm stop\.$/,
    );
    expect(await ask('/readyz')).toEqual({});
  });

  it('refuses a busy port in one line that names the variable, before it starts anything', async () => {
    const other = createServer().listen(port, '127.0.0.1');
    await once(other, 'listening');
    const stack = await start();
    expect(await stack.ended).toBe(1);
    expect(oneLine(stack.output())).toBe(
      `Port ${port} is in use: stop what listens there, or choose another with MANAGER_PORT=${port + 10}.`,
    );
    expect(stack.output()).not.toContain('PostgreSQL');
    other.close();
  });

  it('ends with the last lines of a service that died', async () => {
    const stack = await ready(await start());
    await ask('/crash');
    expect(await stack.ended).toBe(1);
    expect(stack.output()).toContain('Manager ended by itself (exit code 7)');
    expect(await processes()).toBe('');
  });

  it('ends with the reason when migrations fail', async () => {
    const stack = await start('all', { FAIL_MIGRATIONS: '1' });
    expect(await stack.ended).toBe(1);
    expect(stack.output()).toContain('migrations failed (exit code 1)');
    expect(stack.output()).toContain('column "x" does not exist');
    expect(stack.output()).not.toContain('local.stack.ts');
    expect(await processes()).toBe('');
  });
});

describe('npm run deps', () => {
  it('starts the servers alone and prints how to reach them', async () => {
    const stack = await ready(await start('deps'));
    expect(stack.output()).toMatch(/export DATABASE_URL='postgresql:[^]*export REDIS_URL='redis:/);
    expect(await end(stack)).toBe(0);
  });
});

describe('the end', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('by %s takes runners along, and no stranger', async (signal) => {
    const stranger = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 60_000)'], {
      stdio: 'ignore',
    });
    started.push(stranger);
    const stack = await ready(await start());
    const runner = await startRunner();
    const taken = { process: { pid: stranger.pid, started: 'at another time' } };
    mkdirSync(join(root, '.roost', 'runners', 'ended'));
    writeFileSync(join(root, '.roost', 'runners', 'ended', 'instance.json'), JSON.stringify(taken));

    expect(await end(stack, signal)).toBe(0);
    expect(isAlive(runner)).toBe(false);
    expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
    expect(await processes()).toBe('');
    expect(state()).toBeNull();
  });

  it('comes by npm stop, from another terminal', async () => {
    const stack = await ready(await start());
    const runner = await startRunner();
    await stopLocalStack(pathsOf(root));
    expect(await stack.ended).toBe(0);
    expect(isAlive(runner)).toBe(false);
    expect(await processes()).toBe('');
  });

  it('of a killed stack is made up for by the next start, which keeps the data', async () => {
    const first = await ready(await start());
    const runner = await startRunner();
    await end(first, 'SIGKILL');
    expect(isAlive(runner)).toBe(true);

    const second = await ready(await start());
    expect(second.output()).toContain('The last run was killed: ending what it left behind.');
    expect(isAlive(runner)).toBe(false);
    expect(await ask('/starts')).toEqual({ count: 2 });
  });

  it('of a killed stack is made up for by npm stop', async () => {
    await end(await ready(await start()), 'SIGKILL');
    expect(await processes()).not.toBe('');
    await stopLocalStack(pathsOf(root));
    expect(await processes()).toBe('');
  });
});
