import { type RedisServer, startRedis, type TestRedis } from '@roost/devstack';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A Redis that belongs to one test, and comes back where it was, without what it held. */
export class RestartableRedis implements TestRedis {
  private constructor(
    private readonly dir: string,
    private server: RedisServer,
  ) {}

  static async start(): Promise<RestartableRedis> {
    const dir = mkdtempSync(join(tmpdir(), 'roost-redis-'));
    return new RestartableRedis(dir, await startRedis({ dir }));
  }

  get url(): string {
    return this.server.url;
  }

  get port(): number {
    return this.server.port;
  }

  get pid(): number {
    return this.server.pid;
  }

  /** Ends it as a crash does, and starts it again: data and users are forgotten. */
  async crash(): Promise<void> {
    const { child, port, url } = this.server;
    process.kill(child.pid, 'SIGKILL');
    await child.exited;
    this.server = await startRedis({
      dir: this.dir,
      port,
      password: decodeURIComponent(new URL(url).password),
    });
  }

  async stop(): Promise<void> {
    await this.server.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
