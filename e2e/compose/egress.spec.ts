import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { anAgent, type Container, type DockerTools, findDockerTools, until } from '@roost/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFailed } from 'vitest';
import { ComposeStack } from './compose.stack';
import { OutsideWorld } from './outside.world';

const tools = findDockerTools();
const example = readFileSync(join(import.meta.dirname, '../../.env.example'), 'utf8');
const key = /^BOOTSTRAP_API_KEY=(.+)$/m.exec(example)?.[1] ?? '';

describe.skipIf(!tools)('from inside a container of an agent', () => {
  let stack: ComposeStack;
  let world: OutsideWorld;
  let services: Record<string, Container> = {};
  let runner: Container;
  let neighbour: Container;
  let inner = '';
  let gateway = '';
  let rebound = '';
  let onTheHost: Server;
  const agents: string[] = [];

  beforeAll(async () => {
    stack = new ComposeStack(tools as DockerTools);
    world = new OutsideWorld(stack);
    onTheHost = createServer((_request, response) => response.end('the host')).listen(0, '0.0.0.0');
    await once(onTheHost, 'listening');
    await stack.up(
      { OPENAI_API_KEY: 'sk-none', TOOL_ALLOWED_HOSTS: 'allowed.test' },
      { 'egress-proxy': { dns: [OutsideWorld.nameServer] } },
    );
    services = await stack.services();
    inner = await world.start(services['egress-proxy']?.Id ?? '');
    const gateways = ['network', 'inspect', '--format', '{{(index .IPAM.Config 0).Gateway}}'];
    gateway = await stack.docker([...gateways, stack.runnerNetwork]);
    const manager = await stack.managerUrl();
    for (let count = 0; count < 2; count += 1) {
      const { id } = await rest<{ id: string }>(manager, '/agents', { ...anAgent(), tools: requests });
      await rest(manager, `/agents/${id}/start?wait=60`);
      agents.push(id);
    }
    const runners = await stack.runners();
    const of = (agent: string | undefined): Container =>
      runners.find(({ Config }) => Config.Labels['roost.agent_id'] === agent) as Container;
    [runner, neighbour] = [of(agents[0]), of(agents[1])];
    rebound = await plain('http://rebind.test/rebound');
  });

  beforeEach(() => onTestFailed(async () => console.error(await stack.logs())));

  afterAll(async () => {
    await world.stop();
    onTheHost.close();
    expect(await stack.down()).toEqual([]);
  });

  const addressOf = (container: Container | undefined): string => {
    const networks = Object.values(container?.NetworkSettings.Networks ?? {}) as { IPAddress: string }[];
    return networks[0]?.IPAddress ?? 'none';
  };
  const direct = (authority: string) => world.attempt(runner.Id, 'direct', authority);
  const tunnel = (authority: string) => world.attempt(runner.Id, 'tunnel', authority);
  const plain = (url: string) => world.attempt(runner.Id, 'plain', url);

  describe('there is a way out, the proxy', () => {
    it('which takes a request to a public host and brings its answer', async () => {
      expect(await plain('http://public.test/hello')).toMatch(/^HTTP\/1.1 200 [^]*public$/);
      expect(await world.askedOf('public')).toContain('GET public.test/hello');
    });

    it('which a tool uses, and names what it refuses', async () => {
      const manager = await stack.managerUrl();
      const test = (tool: string) =>
        rest<{ ok: boolean; content: string }>(manager, `/agents/${agents[0]}/tools/${tool}/test`, {
          arguments: {},
        });

      expect(await test('public')).toMatchObject({ ok: true, content: expect.stringContaining('public') });
      expect(await test('private')).toMatchObject({
        ok: false,
        content: expect.stringContaining('The egress proxy refused private.test'),
      });
      expect(await test('redirected')).toMatchObject({
        ok: false,
        content: expect.stringContaining('The egress proxy refused private.test'),
      });
    });

    it('which opens the private hosts that TOOL_ALLOWED_HOSTS names', async () => {
      expect(await plain('http://allowed.test/orders')).toMatch(/^HTTP\/1.1 200 [^]*private$/);
      expect(await plain('http://allowed.test:8080/')).toMatch(/^HTTP\/1.1 403 /);
    });

    it('which runs without root, capability or a way to write', () => {
      expect(services['egress-proxy']).toMatchObject({
        State: { Health: { Status: 'healthy' } },
        Config: { User: '13:13' },
        HostConfig: {
          ReadonlyRootfs: true,
          CapDrop: ['ALL'],
          Privileged: false,
          SecurityOpt: ['no-new-privileges:true'],
        },
      });
    });
  });

  describe('nothing is reached without the proxy:', () => {
    const targets: [string, () => string][] = [
      ['a public host', () => '203.0.113.10:80'],
      ['a private host on another network', () => `${inner}:80`],
      ["the cloud's metadata", () => '169.254.169.254:80'],
      ['the host, by the address it would have here', () => `${gateway}:${portOf(onTheHost)}`],
      ['what only a route leads to: the host, by its own address', () => `${routed()}:${portOf(onTheHost)}`],
      ["the host, by the address of Docker's own bridge", () => `172.17.0.1:${portOf(onTheHost)}`],
      ['the port of the engine', () => `${addressOf(services['engine-proxy'])}:2375`],
      ['PostgreSQL', () => `${addressOf(services['db'])}:5432`],
    ];

    it.each(targets)('%s', async (_what, target) => {
      expect(await direct(target())).toMatch(/^(no answer|ENETUNREACH|EHOSTUNREACH)$/);
    });

    it('but the manager and Redis, so that these attempts notice what they reach', async () => {
      expect(await direct('agent-manager:8001')).toBe('open');
      expect(await direct('redis:6379')).toBe('open');
    });

    it('another runner, which listens on nothing', async () => {
      for (const port of [22, 80, 443, 3000, 8000, 8001, 9229])
        expect(await direct(`${addressOf(neighbour)}:${port}`), String(port)).toMatch(
          /ECONNREFUSED|no answer/,
        );
    });
  });

  describe('the proxy refuses', () => {
    it.each([
      ["the cloud's metadata", '169.254.169.254'],
      ['a decimal address', '2130706433'],
      ['an octal address', '0177.0.0.1'],
      ['a hexadecimal address', '0x7f000001'],
      ['a short address', '127.1'],
      ['an IPv4-mapped address', '[::ffff:10.0.0.1]'],
      ['an IPv4-mapped address, spelt in hexadecimal', '[::ffff:a00:1]'],
      ['an IPv6 loopback address', '[::1]'],
      ['a NAT64 address', '[64:ff9b::a00:1]'],
      ['a unique local address', '[fd00::1]'],
      ['a shared address', '100.64.0.1'],
      ['its own loopback interface', 'localhost'],
      ['the manager', 'agent-manager'],
      ['Redis', 'redis'],
      ['a name with a private address', 'private.test'],
      ['a name with a public and a private address', 'mixed.test'],
      ['a name of the metadata', 'metadata.test'],
      ['a name of the loopback interface', 'loopback.test'],
    ])('%s', async (_what, host) => {
      expect(await tunnel(`${host}:443`)).toMatch(/^HTTP\/1.1 403 /);
      expect(await plain(`http://${host}/`)).toMatch(/^HTTP\/1.1 403 /);
    });

    it.each([
      ["the host's gateway", () => `${gateway}:443`],
      ['PostgreSQL', () => `${addressOf(services['db'])}:5432`],
      ['the port of the engine', () => `${addressOf(services['engine-proxy'])}:2375`],
      ['another runner', () => `${addressOf(neighbour)}:443`],
      ['SSH', () => 'public.test:22'],
      ['SMTP', () => 'public.test:25'],
      ['a tunnel that is not for TLS', () => 'public.test:80'],
    ])('CONNECT to %s', async (_what, target) => {
      expect(await tunnel(target())).toMatch(/^HTTP\/1.1 403 /);
    });

    it.each([
      'ftp://public.test/',
      'https://public.test/',
      '/squid-internal-mgr/menu',
      'cache_object://egress-proxy/',
    ])('a request for %s', async (url) => {
      expect(await plain(url)).toMatch(/^HTTP\/1.1 4\d\d /);
    });

    it('a name that was public, once it has become private', { timeout: 150_000 }, async () => {
      expect(rebound).toMatch(/^HTTP\/1.1 200 [^]*public$/);
      // What was looked up is kept for a minute, whatever the name server says.
      const last = await until(
        'the name is looked up again',
        async () => {
          const answer = await plain('http://rebind.test/rebound');
          return !/^HTTP\/1.1 200 [^]*public$/.test(answer) && answer;
        },
        120_000,
      );

      expect(last).toMatch(/^HTTP\/1.1 403 /);
    });

    it('and no refused request has reached a private host, nor ended the proxy', async () => {
      expect(new Set(await world.askedOf('private'))).toEqual(new Set(['GET allowed.test/orders']));
      const { State } = (await stack.services())['egress-proxy'] as Container;
      expect(State.StartedAt).toBe(services['egress-proxy']?.State.StartedAt);
    });
  });
});

/** An address of this machine that is on none of the engine's networks; any other where it has none. */
const routed = (): string =>
  Object.entries(networkInterfaces())
    .filter(([name]) => !/^(docker|br-|rst-|veth)/.test(name))
    .flatMap(([, addresses = []]) => addresses)
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '203.0.113.10';

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

const requests = ['public', 'private', 'redirected'].map((name) => ({
  type: 'http_request' as const,
  name,
  description: `Asks ${name}.`,
  method: 'GET' as const,
  url: name === 'redirected' ? 'http://public.test/?to=http://private.test/' : `http://${name}.test/tool`,
}));

async function rest<Result>(origin: string, path: string, body?: unknown): Promise<Result> {
  const answer = await fetch(`${origin}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(75_000),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`POST ${path}: ${answer.status} ${text}`);
  return JSON.parse(text) as Result;
}
