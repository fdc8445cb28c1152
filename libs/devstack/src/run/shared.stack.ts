import { createDatabase, type TestDatabase } from '../postgres/test.database';
import type { BrokerAddress } from './server.broker';

declare module 'vitest' {
  export interface ProvidedContext {
    roostStack: BrokerAddress;
  }
}

export interface TestRedis {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

export interface SharedStack {
  /** A new, empty database on the run's one PostgreSQL; its name begins with `name`. */
  createDatabase(name?: string): Promise<TestDatabase>;
  /** A Redis server of its own, empty. */
  startRedis(): Promise<TestRedis>;
}

/** The servers of this Vitest run. What a test takes and does not give back ends with the run. */
export async function sharedStack(): Promise<SharedStack> {
  const address = await addressOfThisRun();
  return {
    async createDatabase(name = 'test') {
      const created = await ask<{ name: string; adminUrl: string }>(address, '/database', name);
      return createDatabase(created.adminUrl, created.name);
    },
    async startRedis() {
      const redis = await ask<Omit<TestRedis, 'stop'>>(address, '/redis', '');
      return {
        ...redis,
        async stop() {
          await ask(address, '/redis/stop', String(redis.port));
        },
      };
    },
  };
}

async function addressOfThisRun(): Promise<BrokerAddress> {
  // Imported late: the same library serves programs that run without Vitest.
  const { inject } = await import('vitest');
  const address = inject('roostStack') as BrokerAddress | undefined;
  if (address) return address;
  throw new Error(
    'sharedStack() needs libs/devstack/src/vitest.setup.ts in `globalSetup` of the Vitest config',
  );
}

async function ask<T>(address: BrokerAddress, path: string, body: string): Promise<T> {
  const response = await fetch(address.url + path, {
    method: 'POST',
    body,
    headers: { authorization: `Bearer ${address.token}` },
    signal: AbortSignal.timeout(120_000),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${text || `status ${response.status}`}`);
  return JSON.parse(text) as T;
}
