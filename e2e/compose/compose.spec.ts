import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LLMock } from '@copilotkit/aimock';
import { type Container, type DockerTools, findDockerTools } from '@roost/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFailed, vi } from 'vitest';
import { ComposeStack } from './compose.stack';

const tools = findDockerTools();
const operatorKey = 'sk-e2e-canary-of-the-operator';
const bootstrapKey = setting('BOOTSTRAP_API_KEY');

/** A value that .env.example ships. */
function setting(name: string): string {
  const file = readFileSync(join(import.meta.dirname, '../../.env.example'), 'utf8');
  return new RegExp(`^${name}=(.+)$`, 'm').exec(file)?.[1] ?? '';
}

describe.skipIf(!tools)('docker compose up --build -d after cp .env.example .env', () => {
  let model: LLMock;
  let stack: ComposeStack;
  let manager = '';
  let services: Record<string, Container> = {};

  beforeAll(async () => {
    stack = new ComposeStack(tools as DockerTools);
    model = new LLMock({ port: 0, host: await stack.hostAddress() });
    model.onMessage(/./, { content: 'The stub model says hello.' });
    await model.start();
    await stack.up({ OPENAI_BASE_URL: `${model.url}/v1`, OPENAI_API_KEY: operatorKey });
    await vi.waitFor(
      async () => {
        services = await stack.services();
        const states = Object.values(services).map(({ State }) => State.Health?.Status ?? State.Status);
        expect(new Set(states)).toEqual(new Set(['healthy', 'exited']));
      },
      { timeout: 60_000, interval: 500 },
    );
    manager = await stack.managerUrl();
  });

  beforeEach(() => onTestFailed(async () => console.error(await stack.logs())));

  afterAll(async () => {
    const left = await stack.down();
    await model.stop();
    expect(left).toEqual([]);
  });

  async function rest<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(`${manager}${path}`, {
      method,
      headers: { authorization: `Bearer ${bootstrapKey}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(75_000),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return JSON.parse(text) as T;
  }

  async function startedAgent(): Promise<string> {
    const { id } = await rest<{ id: string }>('POST', '/agents', {
      name: 'Compose test',
      model: { provider: 'openai', name: 'gpt-4.1-mini' },
    });
    const status = await rest<{ state: string }>('POST', `/agents/${id}/start?wait=60`);
    expect(status).toMatchObject({ state: 'running' });
    return id;
  }

  async function runnerOf(agent_id: string): Promise<Container> {
    const runners = await stack.runners();
    const own = runners.filter(({ Config }) => Object.values(Config.Labels).includes(agent_id));
    expect(own, 'containers labelled with the agent').toHaveLength(1);
    return own[0]!;
  }

  it('brings every service up healthy, after migrations that ended well', () => {
    expect(Object.keys(services).sort()).toEqual([
      'agent-manager',
      'db',
      'egress-proxy',
      'engine-proxy',
      'migrate',
      'redis',
      'telegram-gateway',
      'telegram-migrate',
    ]);
    const migrations = ['migrate', 'telegram-migrate'];
    for (const service of migrations)
      expect(services[service]?.State).toMatchObject({ Status: 'exited', ExitCode: 0 });
    const servers = Object.entries(services).filter(([service]) => !migrations.includes(service));
    for (const [service, { State }] of servers) expect(State.Health?.Status, service).toBe('healthy');
  });

  it("builds the runner's image without running a container of it", async () => {
    await stack.docker(['image', 'inspect', stack.runnerImage]);

    expect(services).not.toHaveProperty('agent-runner-image');
  });

  it('gives the engine socket to the proxy alone', () => {
    const holders = Object.entries(services)
      .filter(([, { Mounts }]) => Mounts.some(({ Source }) => Source?.endsWith('docker.sock')))
      .map(([service]) => service);

    expect(holders).toEqual(['engine-proxy']);
  });

  it('publishes the ports of manager and gateway on the loopback address, and no other', () => {
    const published = Object.entries(services).flatMap(([service, { NetworkSettings }]) =>
      Object.entries(NetworkSettings.Ports)
        .filter(([, bindings]) => bindings !== null)
        .map(([port, bindings]) => ({ service, port, bindings })),
    );

    published.sort((left, right) => left.port.localeCompare(right.port));
    expect(published).toMatchObject([
      { service: 'agent-manager', port: '8000/tcp', bindings: [{ HostIp: '127.0.0.1' }] },
      { service: 'telegram-gateway', port: '8002/tcp', bindings: [{ HostIp: '127.0.0.1' }] },
    ]);
  });

  it.each(['agent-manager', 'telegram-gateway', 'migrate', 'telegram-migrate'])(
    'runs %s without root or privilege',
    (service) => {
      expect(services[service]).toMatchObject({
        Config: { User: '1000:1000' },
        HostConfig: { ReadonlyRootfs: true, CapDrop: ['ALL'], Privileged: false },
      });
    },
  );

  it('lets runners find the manager, Redis and their way out, and neither database, engine nor each other service', async () => {
    const probe = `Promise.all(['agent-manager', 'redis', 'egress-proxy', 'db', 'engine-proxy', 'qdrant', 'telegram-gateway'].map(
      (host) => require('node:dns').promises.lookup(host).then(() => host, () => null),
    )).then((hosts) => console.log(hosts.filter(Boolean).join()))`;
    const network = ['--network', stack.runnerNetwork];
    const found = await stack.docker(['run', '--rm', ...network, stack.runnerImage, 'node', '-e', probe]);

    expect(found.split(',')).toEqual(['agent-manager', 'redis', 'egress-proxy']);
  });

  it('refuses Redis to a client without a password', async () => {
    const answer = await stack.compose(['exec', '-T', '-e', 'REDISCLI_AUTH=', 'redis', 'redis-cli', 'ping']);

    expect(answer).toContain('NOAUTH');
  });

  it('accepts the compile cache baked into the runner on a read-only root', async () => {
    const log = await stack.docker([
      'run',
      '--rm',
      '--read-only',
      '--network=none',
      '--env=NODE_DEBUG_NATIVE=COMPILE_CACHE',
      '--entrypoint=sh',
      stack.runnerImage,
      '-c',
      'node dist/apps/agent-runner/main.js --warm 2>&1',
    ]);

    expect(log).toMatch(/agent-runner\/main\.js was accepted/);
  });

  it('starts an agent as a container of its own, hardened and without a secret in it', async () => {
    const runner = await runnerOf(await startedAgent());

    expect(runner).toMatchObject({
      Config: { Image: stack.runnerImage, User: expect.not.stringMatching(/^(0|root)?(:|$)/) },
      HostConfig: {
        CapDrop: ['ALL'],
        SecurityOpt: [expect.stringContaining('no-new-privileges')],
        ReadonlyRootfs: true,
        Privileged: false,
        NetworkMode: stack.runnerNetwork,
        PidMode: '',
        LogConfig: { Type: 'json-file', Config: { 'max-size': expect.any(String) } },
      },
    });
    const { HostConfig } = runner;
    expect(HostConfig['Memory']).toBeGreaterThan(0);
    expect(HostConfig['MemorySwap']).toBe(HostConfig['Memory']);
    expect(HostConfig['NanoCpus']).toBeGreaterThan(0);
    expect(HostConfig['PidsLimit']).toBeGreaterThan(0);
    expect(HostConfig['Binds'] ?? []).toEqual([]);
    expect(runner.Mounts.filter(({ Source }) => Source)).toEqual([]);
    const everything = JSON.stringify(runner);
    for (const secret of [operatorKey, bootstrapKey, setting('SECRETS_KEY'), setting('REDIS_PASSWORD')]) {
      expect(everything).not.toContain(secret);
    }
  });

  it('answers a message from inside that container', async () => {
    const agent = await startedAgent();
    const { thread_id } = await rest<{ thread_id: string }>('POST', `/agents/${agent}/messages`, {
      content: 'Hello?',
    });

    await vi.waitFor(
      async () => {
        const { items } = await rest<{ items: unknown[] }>('GET', `/threads/${thread_id}/messages`);
        expect(items).toMatchObject([
          { role: 'user', content: 'Hello?' },
          { role: 'assistant', content: 'The stub model says hello.' },
        ]);
      },
      { timeout: 60_000, interval: 250 },
    );
  });
});
