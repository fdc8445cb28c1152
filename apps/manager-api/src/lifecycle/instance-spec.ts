import type { AgentConfiguration, InstanceEnvironment } from '@roost/contracts';
import type { InstanceSpec } from '@roost/launcher';
import type { ManagerConfig } from '../config';
import type { InstanceEntity } from './instance.entity';

/** What the launcher is asked for. A pure function: the whole environment of an instance is decided here. */
export function instanceSpec(
  instance: Pick<InstanceEntity, 'id' | 'agent_id' | 'generation'>,
  limits: AgentConfiguration['limits'],
  code: string,
  config: ManagerConfig,
): InstanceSpec {
  const env: InstanceEnvironment = {
    AGENT_ID: instance.agent_id,
    INSTANCE_ID: instance.id,
    CONFIG_URL: configUrl(instance.agent_id, config),
    REDIS_URL: withoutCredentials(config.RUNNER_REDIS_URL ?? config.REDIS_URL),
    EXCHANGE_CODE: code,
    STOP_GRACE_SECONDS: String(config.STOP_GRACE_SECONDS),
    LOG_LEVEL: config.LOG_LEVEL,
    LOG_FORMAT: 'json',
    ...tracingOf(config),
    ...wayOut(config),
  };
  return {
    instance_id: instance.id,
    agent_id: instance.agent_id,
    generation: instance.generation,
    limits: { memory_mb: limits.memory_mb, cpus: limits.cpus, pids: limits.pids },
    env: { ...env },
  };
}

/** Where instances send their traces. */
export function tracingOf(config: ManagerConfig): Pick<InstanceEnvironment, 'OTEL_EXPORTER_OTLP_ENDPOINT'> {
  const endpoint = config.RUNNER_OTLP_ENDPOINT ?? config.OTEL_EXPORTER_OTLP_ENDPOINT;
  // A runner is nobody's to trust: credentials in the URL stay here.
  return endpoint === undefined ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT: withoutCredentials(endpoint) };
}

/** What programs that use a proxy look for. */
export const wayOut = ({
  RUNNER_EGRESS_PROXY: proxy,
}: ManagerConfig): Pick<InstanceEnvironment, 'HTTP_PROXY' | 'HTTPS_PROXY'> =>
  proxy === undefined ? {} : { HTTP_PROXY: proxy, HTTPS_PROXY: proxy };

/** The internal port as instances reach it. */
export const configOrigin = (config: ManagerConfig): string =>
  config.RUNNER_CONFIG_ORIGIN ?? `http://127.0.0.1:${config.INTERNAL_PORT}`;

export const configUrl = (agent_id: string, config: ManagerConfig): string =>
  `${configOrigin(config)}/agents/${agent_id}/config`;

export function withoutCredentials(url: string): string {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  return bare.href;
}
