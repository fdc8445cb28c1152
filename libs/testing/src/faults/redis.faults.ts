import { type RedisServer, startRedis } from '@roost/devstack';
import { join } from 'node:path';
import type { Installation } from '../manager/installation';
import { redisCli } from '../manager/redis.cli';
import { until } from '../until';

/** What can happen to the Redis of an installation. */
export class RedisFaults {
  private server: RedisServer | undefined;
  private restarts = 0;

  constructor(private readonly installation: Installation) {}

  /** It forgets every key; users and connections stay. */
  async flush(): Promise<void> {
    await redisCli(this.installation.redis.url, 'FLUSHALL');
  }

  /** Killed, and started anew where it was: empty, with no user but its own. */
  async restart(): Promise<void> {
    await this.kill();
    await this.start();
  }

  async kill(): Promise<void> {
    const { pid } = this.server ?? this.installation.redis;
    process.kill(pid, 'SIGKILL');
    await until('Redis is gone', () => !exists(pid));
  }

  async start(): Promise<void> {
    const { port, password } = new URL(this.installation.redis.url);
    this.restarts += 1;
    this.server = await startRedis({
      dir: join(this.installation.directory, `redis-${this.restarts}`),
      port: Number(port),
      password: decodeURIComponent(password),
    });
  }

  /** Ends what it started. */
  async close(): Promise<void> {
    await this.server?.stop();
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
