import { type PostgresServer, startPostgres, type TestDatabase } from '@roost/devstack';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A PostgreSQL that belongs to one test, with one database, and comes back where it was. */
export class RestartablePostgres {
  private constructor(
    private readonly directory: string,
    private server: PostgresServer,
    private readonly created: TestDatabase,
  ) {}

  static async start(): Promise<RestartablePostgres> {
    const directory = mkdtempSync(join(tmpdir(), 'roost-postgres-'));
    // With durability: what was committed is there after a crash.
    const server = await startPostgres({ dataDir: join(directory, 'data') });
    return new RestartablePostgres(directory, server, await server.createDatabase('e2e'));
  }

  /** The database; it is gone with the server. */
  get database(): TestDatabase {
    return { ...this.created, drop: () => Promise.resolve() };
  }

  /** Ends it as a crash does, and starts it again. */
  async crash(): Promise<void> {
    const { child, port, dataDir } = this.server;
    process.kill(child.pid, 'SIGQUIT');
    await child.exited;
    this.server = await startPostgres({ dataDir, port });
  }

  async stop(): Promise<void> {
    await this.server.stop();
    for (const path of [this.server.dataDir, this.directory]) rmSync(path, { recursive: true, force: true });
  }
}
