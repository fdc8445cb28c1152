import { type PoolAssignment, poolPaths, type PoolReadyRequest } from '@roost/contracts';
import { BLOCK_MS_MAX, Messaging, type PoolAssignmentReader } from '@roost/messaging';
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { PoolConfig, RunnerConfig } from '../config';
import { exchangePoolCode, post } from '../exchange/instance.exchange';
import { Fence } from '../lifecycle/fence';

const READY_DEADLINE_MS = 60_000;
/** Milliseconds between attempts while Redis is away, at most. */
const PAUSE_MAX_MS = 5_000;

/**
 * Waits in the warm pool until a manager says whose runner this becomes, and returns the configuration to go on with.
 * @throws {ExitError} when the manager does not take this member.
 */
export async function waitInPool(
  config: PoolConfig,
  logger: Logger,
  exit: (end: Error) => void,
): Promise<RunnerConfig> {
  const { INSTANCE_ID: instance_id, CONFIG_URL: config_url } = config;
  const { token, redis } = await exchangePoolCode(config);
  // Redis forgets users when it restarts: then nothing can be assigned any more.
  const fence = new Fence(exit);
  const messaging = new Messaging({ url: config.REDIS_URL, ...redis, name: instance_id }, (error) => {
    fence.inspect(error);
    logger.debug({ err: error }, 'redis connection');
  });
  const ready: PoolReadyRequest = { instance_id, token };
  await post(config_url, poolPaths.ready, ready, READY_DEADLINE_MS);
  logger.info('waiting in the pool');
  const assigned = await firstAssignment(messaging.poolAssignmentReader(instance_id), fence, logger);
  messaging.close();
  logger.info({ agent_id: assigned.agent_id }, 'claimed');
  return {
    ...config,
    AGENT_ID: assigned.agent_id,
    CONFIG_URL: assigned.config_url,
    EXCHANGE_CODE: assigned.code,
  };
}

async function firstAssignment(
  reader: PoolAssignmentReader,
  fence: Fence,
  logger: Logger,
): Promise<PoolAssignment> {
  for (let failures = 0; ;) {
    try {
      const assigned = await reader.next(BLOCK_MS_MAX);
      if (assigned) return assigned;
      failures = 0;
    } catch (error) {
      fence.inspect(error);
      failures += 1;
      logger.warn({ err: error }, 'the assignment cannot be read, trying again');
      const ceiling = Math.min(PAUSE_MAX_MS, 100 * 2 ** failures);
      await pause(ceiling * (0.5 + Math.random() / 2));
    }
  }
}
