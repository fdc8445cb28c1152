import { get, type RequestOptions } from 'node:http';

export type EngineDetection = { available: true; host: string } | { available: false; reason: string };

/** Whether a Docker Engine answers at DOCKER_HOST or its usual socket, within 3 s; the reason if not. */
export async function detectEngine(
  host = process.env['DOCKER_HOST'] || 'unix:///var/run/docker.sock',
): Promise<EngineDetection> {
  const target = targetOf(host);
  if (!target) return { available: false, reason: `DOCKER_HOST=${host} is neither unix:// nor tcp://` };
  const failure = await ping(target);
  return failure === null
    ? { available: true, host }
    : { available: false, reason: `no Docker Engine answers at ${host} (${failure})` };
}

/**
 * For suites that need the engine: skip with the reason, or fail where it is required (ROOST_REQUIRE_ENGINE=1).
 * Usage: `const engine = await engineForTests(); describe.skipIf(!engine.available)(…)`.
 */
export async function engineForTests(): Promise<EngineDetection> {
  const engine = await detectEngine();
  if (!engine.available && process.env['ROOST_REQUIRE_ENGINE'] === '1') {
    throw new Error(`${engine.reason}; ROOST_REQUIRE_ENGINE=1 does not allow to skip: start dockerd.`);
  }
  return engine;
}

function targetOf(host: string): RequestOptions | null {
  if (host.startsWith('unix://')) return { socketPath: host.slice('unix://'.length) };
  if (!URL.canParse(host) || !host.startsWith('tcp://')) return null;
  const { hostname, port } = new URL(host);
  return { host: hostname, port: port || 2375 };
}

function ping(target: RequestOptions): Promise<string | null> {
  return new Promise((resolve) => {
    const request = get({ ...target, path: '/_ping', timeout: 3_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200 ? null : `status ${response.statusCode ?? '?'}`);
    });
    request.on('timeout', () => request.destroy(new Error('no answer in 3 s')));
    request.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}
