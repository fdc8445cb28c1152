import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

/** A real Redis of a test's own, empty, on a free port of the loopback interface. */
export class RedisProcess {
  private constructor(
    private process: ChildProcess,
    private readonly port: number,
  ) {}

  static async start(): Promise<RedisProcess> {
    const port = await freePort();
    return new RedisProcess(await launch(port), port);
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Kills it at once; what it held is gone. */
  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const gone = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await gone;
  }

  /** Comes back on the same port, empty but for these users (lines of `ACL LIST`). */
  async restart(users: string[]): Promise<void> {
    this.process = await launch(this.port, users);
  }
}

async function launch(port: number, users: string[] = []): Promise<ChildProcess> {
  const server = spawn(
    'redis-server',
    [
      ...['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
      ...users.flatMap((user) => ['--user', ...user.split(' ').slice(1)]),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  for await (const line of createInterface({ input: server.stdout })) {
    if (line.includes('Ready to accept connections')) break;
  }
  server.stdout.resume();
  return server;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
