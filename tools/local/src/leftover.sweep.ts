import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { endLeftover, endLeftoverPostgres } from '@roost/devstack';
import type { Paths } from './paths';
import { endRunners } from './runner.sweep';

/** Ends what a supervisor that was killed had started: apps first, then what they depend on. */
export async function endLeftovers(paths: Paths): Promise<void> {
  const records = readdirSync(paths.processes).filter((name) => name.endsWith('.json'));
  await Promise.all(records.map((name) => endLeftover(join(paths.processes, name))));
  await endRunners(paths.runners);
  await Promise.all([endLeftover(join(paths.redis, 'redis.json')), endLeftoverPostgres(paths.postgres)]);
}
