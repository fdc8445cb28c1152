import { AGENT_ID_PATTERN } from '@roost/contracts';
import { flag, integer, loadConfig, otlpEndpoint, text } from '@roost/service-kit';
import { parseArgs } from 'node:util';
import { z } from 'zod';

const proxyUrl = () =>
  z.url({ protocol: /^http$/, error: 'must be an http:// URL of a forward proxy' }).optional();

export const configSchema = z.object({
  AGENT_ID: text().regex(AGENT_ID_PATTERN, 'is not an agent id').meta({
    description: 'The agent this runner runs; also `--agent-id`',
  }),
  POOL: flag().default(false).meta({
    description: 'Wait in the warm pool, without `AGENT_ID`, until an agent is assigned; also `--pool`',
  }),
  INSTANCE_ID: text().meta({ description: 'Name of this instance, given by the manager' }),
  CONFIG_URL: z.url({ protocol: /^https?$/ }).meta({
    description: "The agent's configuration on the manager's internal port; also `--config-url`",
  }),
  REDIS_URL: z
    .url({ protocol: /^rediss?$/ })
    .default('redis://localhost:6379')
    .meta({
      description: 'Redis, without credentials: those come from the exchange; also `--redis-url`',
    }),
  EXCHANGE_CODE: text().meta({
    description: 'Single-use code, exchanged for the credentials of this instance',
    secret: true,
  }),
  STOP_GRACE_SECONDS: integer(1, 3_600)
    .default(30)
    .meta({ description: 'Seconds between SIGTERM and the end of this process' }),
  RUN_CONCURRENCY: integer(1, 256).default(16).meta({ description: 'Threads answered side by side' }),
  MODEL_TIMEOUT_SECONDS: integer(1, 3_600)
    .default(120)
    .meta({ description: 'Seconds one answer of the model may take, retries included' }),
  MODEL_STALL_SECONDS: integer(1, 3_600)
    .default(60)
    .meta({ description: 'Seconds the model may be silent before or within an answer' }),
  HTTPS_PROXY: proxyUrl().meta({
    description: 'A forward proxy, through which models and tools are asked; the manager and Redis are not',
    default_text: '`HTTP_PROXY`',
  }),
  HTTP_PROXY: proxyUrl().meta({
    description: 'The same, where `HTTPS_PROXY` is not set',
    default_text: 'no proxy',
  }),
  OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint(),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .meta({ description: 'The least severe level that is logged' }),
  LOG_FORMAT: z
    .enum(['json', 'pretty'])
    .default('json')
    .meta({ description: '`json` for machines, `pretty` for people' }),
});
export type RunnerConfig = z.infer<typeof configSchema>;

/** Of a member of the warm pool: whose runner it becomes is not known yet, and must not be said. */
const poolSchema = configSchema.extend({
  AGENT_ID: z
    .undefined({ error: 'must not be given with POOL' })
    .optional()
    .meta({ description: 'Assigned to a member of the warm pool when it is claimed' }),
});
export type PoolConfig = Omit<RunnerConfig, 'AGENT_ID'>;

export interface CommandLine {
  config: RunnerConfig;
  /** Load and compile everything, then end without connecting anywhere. */
  warm: boolean;
}

/** Stands in for an instance's environment when nothing will be connected. */
const NOWHERE = {
  AGENT_ID: 'agent_warm_0000',
  INSTANCE_ID: 'inst-warm',
  CONFIG_URL: 'http://127.0.0.1:1/agents/agent_warm_0000/config',
  EXCHANGE_CODE: 'none',
};

type Environment = Record<string, string | undefined>;

/** @throws {ConfigError} naming each variable that does not fit. */
export function readConfig(
  argv: string[] = process.argv.slice(2),
  env: Environment = process.env,
): CommandLine {
  const { given, warm } = settings(argv, env);
  return { config: loadConfig(configSchema, warm ? { ...NOWHERE, ...given } : given), warm };
}

/** Null when this is no member of the warm pool. @throws {ConfigError} as {@link readConfig}. */
export function readPoolConfig(
  argv: string[] = process.argv.slice(2),
  env: Environment = process.env,
): PoolConfig | null {
  const { given, pool } = settings(argv, env);
  if (!pool && !loadConfig(configSchema.pick({ POOL: true }), env).POOL) return null;
  const { AGENT_ID: _nobodys, ...config } = loadConfig(poolSchema, given);
  return config;
}

/** The environment, overruled by the command line. */
function settings(argv: string[], env: Environment): { given: Environment; warm: boolean; pool: boolean } {
  const { values } = parseArgs({
    args: argv,
    options: {
      'agent-id': { type: 'string' },
      'config-url': { type: 'string' },
      'redis-url': { type: 'string' },
      warm: { type: 'boolean', default: false },
      pool: { type: 'boolean', default: false },
    },
  });
  const given = {
    ...env,
    ...(values['agent-id'] === undefined ? {} : { AGENT_ID: values['agent-id'] }),
    ...(values['config-url'] === undefined ? {} : { CONFIG_URL: values['config-url'] }),
    ...(values['redis-url'] === undefined ? {} : { REDIS_URL: values['redis-url'] }),
  };
  return { given, warm: values.warm, pool: values.pool };
}

/** LangChain's own, which would start a client past the proxy: whether runs are traced is for the manager to say. */
export function ignoreTracingSwitches(env: Environment = process.env): void {
  for (const switched of ['LANGSMITH_TRACING', 'LANGCHAIN_TRACING'])
    for (const name of [switched, `${switched}_V2`]) env[name] = 'false';
}

/** One for all that leaves, whatever its scheme. */
export const egressProxy = ({ HTTPS_PROXY, HTTP_PROXY }: PoolConfig): string | undefined =>
  HTTPS_PROXY ?? HTTP_PROXY;
