import { freePort } from '@roost/devstack';
import { FaultProxy, Installation, type InstallationOptions } from '@roost/testing';
import { afterAll, afterEach } from 'vitest';
import { type Faults, useFaults } from '../use.faults';

export interface FaultyServers extends Faults {
  /** Between the managers and PostgreSQL. */
  postgres(): FaultProxy;
  /** Between the managers and Redis. */
  redis(): FaultProxy;
  /** Between the runners and Redis. */
  runnersRedis(): FaultProxy;
  /** Between the runners and the managers' internal port. */
  internal(): FaultProxy;
}

export interface FaultyServersOptions {
  /** Servers in place of the run's own. */
  servers?: () => Promise<Pick<InstallationOptions, 'database' | 'redis'>>;
  env?: Record<string, string>;
}

/** One installation for the tests of a file, whose every connection to a server may be harmed. */
export function useFaultyServers({ servers, env = {} }: FaultyServersOptions = {}): FaultyServers {
  let started: { installation: Installation; proxies: Record<keyof Proxies, FaultProxy> } | undefined;
  const current = () => {
    if (!started) throw new Error('the installation has not been started');
    return started;
  };
  // First, so that it is run last: the oracle closes before what it watches.
  afterAll(async () => {
    await started?.installation.stop();
    await Promise.all(Object.values(started?.proxies ?? {}).map((proxy) => proxy.close()));
  });

  const faults = useFaults({
    async installation() {
      const installation = await Installation.prepare({ env, ...(await servers?.()) });
      const { database, redis } = installation;
      const internalPort = await freePort();
      const before = (url: string) => FaultProxy.before({ port: Number(new URL(url).port) });
      const proxies = {
        postgres: await before(database.url),
        redis: await before(redis.url),
        runnersRedis: await before(redis.url),
        internal: await FaultProxy.before({ port: internalPort }),
      };
      started = { installation, proxies };
      await installation.startManager({
        DATABASE_URL: proxies.postgres.inPlaceOf(database.url),
        REDIS_URL: proxies.redis.inPlaceOf(redis.url),
        RUNNER_REDIS_URL: proxies.runnersRedis.inPlaceOf(redis.url),
        INTERNAL_PORT: String(internalPort),
        RUNNER_CONFIG_ORIGIN: `http://127.0.0.1:${proxies.internal.address.port}`,
      });
      return installation;
    },
  });
  // Before the verdict: hooks run last in, first out.
  afterEach(() => {
    for (const proxy of Object.values(current().proxies)) proxy.heal();
  });

  return {
    ...faults,
    postgres: () => current().proxies.postgres,
    redis: () => current().proxies.redis,
    runnersRedis: () => current().proxies.runnersRedis,
    internal: () => current().proxies.internal,
  };
}

type Proxies = Pick<FaultyServers, 'postgres' | 'redis' | 'runnersRedis' | 'internal'>;
