import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { baseImages, findDocker, run } from '@roost/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

const tools = findDocker();
const name = `roost-e2e-engine-proxy-${process.pid}`;
const config = join(import.meta.dirname, '../../tools/images/engine-proxy/haproxy.cfg');
const absent = 'roost-e2e-no-such-container';
let port = 0;

interface Answer {
  status: number;
  server: unknown;
  body: string;
}

/** Sends the path exactly as written; fetch would clean it first. */
function call(method: string, path: string, headers: Record<string, string> = {}): Promise<Answer> {
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
    outgoing.on('error', reject).end();
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

  beforeAll(async () => {
    const image = (await baseImages(environment))['HAPROXY_IMAGE'] ?? 'haproxy:3.2-alpine';
    const hardening = ['--user=0:0', '--read-only', '--cap-drop=ALL', '--security-opt=no-new-privileges'];
    const mounts = [
      '/var/run/docker.sock:/var/run/docker.sock:ro',
      `${config}:/usr/local/etc/haproxy/haproxy.cfg:ro`,
    ];
    const volumes = mounts.map((mount) => `--volume=${mount}`);
    await docker(
      'run',
      '--detach',
      '--name',
      name,
      '--publish=127.0.0.1::2375',
      ...hardening,
      ...volumes,
      image,
    );
    port = Number((await docker('port', name, '2375/tcp')).split(':').pop());
    await vi.waitFor(async () => expect(await call('GET', '/_ping')).toMatchObject({ status: 200 }), {
      timeout: 15_000,
    });
  });

  afterAll(() => docker('rm', '--force', '--volumes', name));

  it.each([
    ['GET', '/_ping'],
    ['GET', '/version'],
    ['GET', '/info'],
    ['GET', '/v1.41/events?since=1&until=2'],
    ['GET', '/containers/json?all=true&filters=%7B%22label%22%3A%5B%22a%3Db%22%5D%7D'],
    ['GET', `/v1.41/containers/${absent}/json`],
    ['GET', `/containers/${absent}/logs?stdout=1&tail=10`],
    ['POST', '/v1.41/containers/create?name=roost-e2e'],
    ['POST', `/containers/${absent}/start`],
    ['POST', `/containers/${absent}/stop?t=1`],
    ['POST', `/v1.41/containers/${absent}/kill?signal=SIGKILL`],
    ['DELETE', `/containers/${absent}?force=true&v=true`],
    ['GET', '/v1.41/images/roost/no-such-image:latest/json'],
    ['GET', '/images/registry.example:5000/roost/no-such-image:1.0/json'],
    ['GET', '/networks/roost-e2e-no-such-network'],
  ])('passes %s %s to the engine', async (method, path) => {
    const answer = await call(method, path);

    expect(answer.status).not.toBe(403);
    expect(answer.server).toMatch(/^Docker/);
  });

  it.each([
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
    const answer = await call('GET', '/_ping', { connection: 'Upgrade', upgrade: 'h2c' });

    expect(answer.status).toBe(200);
  });
});
