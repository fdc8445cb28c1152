import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { freePort, type ManagedChild, startChild } from '@roost/devstack';
import { createDockerLauncher, LaunchRefusedError } from '@roost/launcher';
import { containerBody } from '@roost/launcher/docker-body';
import { baseImages, bundle, findDocker, run, workspaceRoot } from '@roost/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

const filters = (of: Record<string, string[]>): string => `filters=${encodeURIComponent(JSON.stringify(of))}`;
const tools = findDocker();
const image = 'roost/agent-runner:of-this-test';
/** One that the engine has, unlike {@link image}. */
const present = `roost-e2e-proxy:${process.pid}`;
const installation = `e2e-proxy-${process.pid}`;
const network = 'roost-e2e-proxy';
const absent = 'roost-e2e-no-such-container';
const ours = filters({ label: [`roost.installation=${installation}`] });
let port = 0;

interface Answer {
  status: number;
  server: unknown;
  body: string;
}

/** Sends the path exactly as written; fetch would clean it first. */
function call(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: string,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { host: '127.0.0.1', port, method, path, headers: { host: 'engine', ...headers }, timeout: 10_000 },
      (answer) => {
        let body = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, server: answer.headers.server, body }),
        );
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(new Error(`${method} ${path}: no answer in 10 s`)));
    outgoing.on('error', reject).end(body);
  });
}

/** What the proxy writes back to these bytes until it closes the connection. */
function send(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes)).setEncoding('utf8');
    socket.setTimeout(10_000, () => socket.destroy(new Error('the connection stayed open')));
    socket.on('data', (chunk: string) => (received += chunk));
    socket.on('close', () => resolve(received)).on('error', reject);
  });
}

describe.skipIf(!tools)('engine proxy', () => {
  const { environment = process.env } = tools ?? {};
  const docker = (...args: string[]) => run('docker', args, environment);
  const directory = mkdtempSync(join(tmpdir(), 'roost-engine-proxy-'));
  let proxy: ManagedChild;
  let stranger = '';

  beforeAll(async () => {
    port = await freePort();
    proxy = await startChild({
      name: 'engine-proxy',
      command: process.execPath,
      args: [bundle('engine-proxy')],
      cwd: workspaceRoot,
      env: {
        PATH: process.env['PATH'] ?? '',
        RUNNER_IMAGES: `${image},${present}`,
        RUNNER_NETWORK: network,
        INSTALLATION: installation,
        ENGINE_SOCKET: (environment['DOCKER_HOST'] ?? '/var/run/docker.sock').replace(/^unix:\/\//, ''),
        PROXY_HOST: '127.0.0.1',
        PROXY_PORT: String(port),
      },
      logFile: join(directory, 'engine-proxy.log'),
      recordFile: join(directory, 'engine-proxy.json'),
    });
    await vi.waitFor(async () => expect(await call('GET', '/_ping')).toMatchObject({ status: 200 }), {
      timeout: 15_000,
    });
    const { NODE_IMAGE = 'node:24-bookworm-slim' } = await baseImages(environment);
    stranger = await docker('create', '--label=roost.installation=of-somebody-else', NODE_IMAGE, 'true');
  });

  afterAll(async () => {
    if (stranger !== '') await docker('rm', '--force', '--volumes', stranger);
    await proxy.stop(10_000);
    rmSync(directory, { recursive: true, force: true });
  });

  it.each([
    ['GET', '/_ping'],
    ['GET', `/v1.41/events?since=1&until=2&${ours}`],
    ['GET', `/containers/json?all=true&${ours}`],
    ['GET', `/v1.41/containers/${absent}/json`],
    ['GET', `/containers/${absent}/logs?stdout=1&tail=10`],
    ['POST', `/containers/${absent}/start`],
    ['POST', `/containers/${absent}/stop?t=1`],
    ['POST', `/v1.41/containers/${absent}/kill?signal=SIGKILL`],
    ['DELETE', `/containers/${absent}?force=true&v=true`],
  ])('passes %s %s to the engine', async (method, path) => {
    const answer = await call(method, path);

    expect(answer.status).not.toBe(403);
    expect(answer.server).toMatch(/^Docker/);
  });

  it.each([
    ['GET', '/version'],
    ['GET', '/info'],
    ['GET', `/v1.41/images/${image}/json`],
    ['GET', '/networks'],
    ['GET', `/networks/${network}`],
    ['POST', '/images/create?fromImage=alpine'],
    ['POST', '/build'],
    ['POST', '/v1.41/build'],
    ['POST', '/session'],
    ['POST', '/grpc'],
    ['GET', '/secrets'],
    ['GET', '/swarm'],
    ['GET', '/system/df'],
    ['GET', '/volumes'],
    ['POST', '/volumes/create'],
    ['POST', '/networks/create'],
    ['DELETE', '/networks/roost-runners'],
    ['POST', '/networks/roost-runners/connect'],
    ['POST', '/containers/x/exec'],
    ['POST', '/exec/x/start'],
    ['POST', '/containers/x/attach'],
    ['GET', '/containers/x/attach/ws'],
    ['POST', '/containers/x/update'],
    ['POST', '/containers/x/rename?name=y'],
    ['POST', '/containers/prune'],
    ['GET', '/containers/x/archive?path=/'],
    ['PUT', '/containers/x/archive?path=/'],
    ['GET', '/containers/x/export'],
    ['DELETE', '/images/roost/agent-runner:latest'],
    ['POST', '/images/x/push'],
    ['PUT', '/containers/create'],
    ['GET', '/containers/create'],
    ['POST', '/_ping'],
    ['OPTIONS', '/containers/json'],
  ])('refuses %s %s, which the launcher never sends', async (method, path) => {
    await expect(call(method, path)).resolves.toMatchObject({
      status: 403,
      body: expect.stringContaining('refused by engine-proxy'),
    });
  });

  it.each([
    ['POST', '/containers/../images/create'],
    ['POST', '/containers/create/../../build'],
    ['POST', '/containers/x/start/../exec'],
    ['GET', '/containers/./json'],
    ['GET', '/containers/x/../../secrets/y/json'],
    ['GET', '/images/../secrets/json'],
    ['GET', '/images/x/../../containers/y/json'],
    ['GET', '/containers/%2e%2e/secrets/json'],
    ['GET', '/containers/x%2Fjson'],
    ['POST', '/containers/x%2fexec%3f/start'],
    ['POST', '/%62uild'],
    ['GET', '//secrets'],
    ['GET', '//containers/json'],
    ['GET', '/images//json'],
    ['GET', '/containers/json/'],
    ['GET', '/containers/x\\json'],
    ['GET', '/containers/x;y/json'],
    ['GET', '/V1.41/containers/json'],
    ['GET', '/v2.0/containers/json'],
    ['GET', '/v1.41/v1.41/containers/json'],
    ['POST', '/v1.41/../build'],
    ['POST', '/v1.41/build?/containers/create'],
    ['POST', '/build?path=/v1.41/containers/create'],
    ['POST', 'http://engine/images/create'],
    ['POST', 'http://engine/containers/../build'],
  ])('refuses %s %s, a path dressed as another', async (method, path) => {
    await expect(call(method, path)).resolves.toMatchObject({ status: 403 });
  });

  const instance = {
    instance_id: 'inst-1',
    agent_id: 'agent_1',
    generation: 1,
    limits: { memory_mb: 64, cpus: 0.5, pids: 64 },
    env: { AGENT_ID: 'agent_1' },
  };
  const { HostConfig, ...body } = containerBody(instance, {
    image,
    network,
    installation,
    log_file_mb: 10,
    log_files: 3,
  });
  const create = (fields: object) =>
    call(
      'POST',
      '/v1.41/containers/create?name=roost-e2e',
      {},
      JSON.stringify({ ...body, HostConfig, ...fields }),
    );

  it('passes the container that the launcher builds: the engine itself then lacks the image', async () => {
    expect(await create({})).toMatchObject({ status: 404, body: expect.stringContaining(image) });
  });

  it.each([
    ['a bind', { HostConfig: { ...HostConfig, Binds: ['/:/host'] } }],
    ['privilege', { HostConfig: { ...HostConfig, Privileged: true } }],
    ["the host's network", { HostConfig: { ...HostConfig, NetworkMode: 'host' } }],
    ["the host's processes", { HostConfig: { ...HostConfig, PidMode: 'host' } }],
    ['another image', { Image: 'node:24-bookworm-slim' }],
    ['another command', { Cmd: ['sh', '-c', 'id'] }],
    ['no limit of memory', { HostConfig: { ...HostConfig, Memory: 0 } }],
  ])('refuses a container with %s, and says why', async (_what, fields) => {
    expect(await create(fields)).toMatchObject({
      status: 403,
      body: expect.stringContaining('refused by engine-proxy: a container with this'),
    });
  });

  it('lets no manager make a network: the launcher says which one is missing', async () => {
    const { NODE_IMAGE = 'node:24-bookworm-slim' } = await baseImages(environment);
    await docker('tag', NODE_IMAGE, present);
    const launcher = await createDockerLauncher({
      docker_host: `tcp://127.0.0.1:${port}`,
      image: present,
      build_hint: 'none',
      network,
      installation,
    });
    try {
      const refused = launcher.launch({ ...instance, instance_id: 'inst-2' });
      await expect(refused).rejects.toThrow(LaunchRefusedError);
      await expect(refused).rejects.toThrow(`the runners' network ${network} is missing`);
    } finally {
      await launcher.remove('inst-2');
      await launcher.close();
      await docker('rmi', present);
    }
  });

  it('refuses a body without end, and one that is no JSON', async () => {
    const path = '/containers/create';
    expect(await call('POST', path, {}, '{"Image":')).toMatchObject({ status: 400 });
    expect(await call('POST', path, {}, `"${'x'.repeat(1_048_576)}"`)).toMatchObject({ status: 413 });
  });

  it.each([
    ['GET', (id: string) => `/containers/${id}/json`],
    ['GET', (id: string) => `/containers/${id}/logs?stdout=1`],
    ['POST', (id: string) => `/containers/${id}/start`],
    ['POST', (id: string) => `/containers/${id}/kill`],
    ['DELETE', (id: string) => `/containers/${id}?force=true`],
  ])(
    'keeps strangers: %s of a container with another label, by its id or a part of it',
    async (method, pathOf) => {
      for (const id of [stranger, stranger.slice(0, 12)])
        expect(await call(method, pathOf(id))).toMatchObject({
          status: 403,
          body: expect.stringContaining(`roost.installation=${installation}`),
        });
    },
  );

  it.each([
    '/containers/json?all=true',
    '/events?since=1&until=2',
    `/containers/json?${filters({ label: ['roost.installation=of-somebody-else'] })}`,
    `/containers/json?${filters({ name: ['db'] })}`,
    `/containers/json?${ours}&filters=%7B%7D`,
    '/containers/json?filters=nonsense',
  ])("does not show what is not the installation's: GET %s", async (path) => {
    await expect(call('GET', path)).resolves.toMatchObject({ status: 403 });
  });

  it('judges every request of a connection, not only the first', async () => {
    const answers = await send(
      'GET /_ping HTTP/1.1\r\nHost: engine\r\n\r\n' +
        'GET /secrets HTTP/1.1\r\nHost: engine\r\nConnection: close\r\n\r\n',
    );

    expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 403']);
  });

  it('lets no second request through in the body of an allowed one', async () => {
    const hidden = 'GET /secrets HTTP/1.1\r\nHost: engine\r\n\r\n';
    const answers = await send(
      `POST /containers/${absent}/start HTTP/1.1\r\nHost: engine\r\nConnection: close\r\n` +
        `Content-Length: ${hidden.length + 5}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
    );

    expect(answers.match(/HTTP\/1\.1 \d+/g)).toHaveLength(1);
  });

  it('does not let an allowed call become another protocol', async () => {
    const upgraded = await send(
      'GET /_ping HTTP/1.1\r\nHost: engine\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
    );
    expect(upgraded).toMatch(/^HTTP\/1\.1 403/);
    expect(await send('CONNECT engine:1 HTTP/1.1\r\nHost: engine\r\n\r\n')).toMatch(/^HTTP\/1\.1 403/);
  });
});
