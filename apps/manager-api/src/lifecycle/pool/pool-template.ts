import type { PoolMemberEnvironment } from '@roost/contracts';
import type { InstanceLimits, InstanceSpec } from '@roost/launcher';
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import type { ManagerConfig } from '../../config';
import { configOrigin, tracingOf, wayOut, withoutCredentials } from '../instance-spec';

/** An agent is served by the pool when its limits are exactly these: they cannot be changed after the start. */
export const memberLimits = (config: ManagerConfig): InstanceLimits => ({
  memory_mb: config.POOL_MEMORY_MB,
  cpus: config.POOL_CPUS,
  pids: config.POOL_PIDS,
});

/** How many members there should be: what was asked for, cut to what the memory budget holds. */
export const targetSize = (config: ManagerConfig): number =>
  Math.min(config.POOL_SIZE, Math.floor(config.POOL_MEMORY_BUDGET_MB / config.POOL_MEMORY_MB));

/** What the launcher is asked for: an instance that knows of no agent. */
export function memberSpec(instance_id: string, code: string, config: ManagerConfig): InstanceSpec {
  const env: PoolMemberEnvironment = {
    ...common(config),
    INSTANCE_ID: instance_id,
    CONFIG_URL: `${configOrigin(config)}/internal/pool`,
    EXCHANGE_CODE: code,
  };
  return { instance_id, agent_id: null, generation: null, limits: memberLimits(config), env: { ...env } };
}

/**
 * Names all that members have in common. Where they exchange their code is no part of it: managers differ in that,
 * and whoever claims a member tells it anew.
 */
export function templateOf(config: ManagerConfig): string {
  const described = JSON.stringify([programOf(config), memberLimits(config), common(config)]);
  return createHash('sha256').update(described).digest('hex').slice(0, 16);
}

function common(
  config: ManagerConfig,
): Omit<PoolMemberEnvironment, 'INSTANCE_ID' | 'CONFIG_URL' | 'EXCHANGE_CODE'> {
  return {
    POOL: 'true',
    REDIS_URL: withoutCredentials(config.RUNNER_REDIS_URL ?? config.REDIS_URL),
    STOP_GRACE_SECONDS: String(config.STOP_GRACE_SECONDS),
    LOG_LEVEL: config.LOG_LEVEL,
    LOG_FORMAT: 'json',
    ...tracingOf(config),
    ...wayOut(config),
  };
}

/** A program that was built anew is another one; an image is told by its name alone. */
function programOf(config: ManagerConfig): string {
  switch (config.LAUNCHER) {
    case 'docker':
    case 'kubernetes':
      return config.RUNNER_IMAGE;
    case 'process':
      return `${config.RUNNER_ENTRY} ${statSync(config.RUNNER_ENTRY, { throwIfNoEntry: false })?.mtimeMs ?? 0}`;
    case 'memory':
      return 'memory';
  }
}
