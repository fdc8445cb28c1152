import { AGENT_ID_PATTERN } from '@roost/contracts';
import { integer, loadConfig, text } from '@roost/service-kit';
import { parseArgs } from 'node:util';
import { z } from 'zod';

export const configSchema = z.object({
  AGENT_ID: text().regex(AGENT_ID_PATTERN, 'is not an agent id').meta({
    description: 'The agent this runner runs; also `--agent-id`',
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
  LANGSMITH_API_KEY: text()
    .optional()
    .meta({ description: 'Switches LangSmith tracing on', secret: true, default_text: 'no tracing' }),
  LANGCHAIN_PROJECT: text().optional().meta({ description: 'The LangSmith project' }),
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

/** @throws {ConfigError} naming each variable that does not fit. */
export function readConfig(
  argv: string[] = process.argv.slice(2),
  env: Record<string, string | undefined> = process.env,
): CommandLine {
  const { values } = parseArgs({
    args: argv,
    options: {
      'agent-id': { type: 'string' },
      'config-url': { type: 'string' },
      'redis-url': { type: 'string' },
      warm: { type: 'boolean', default: false },
    },
  });
  const given = {
    ...(values.warm ? NOWHERE : {}),
    ...env,
    ...(values['agent-id'] === undefined ? {} : { AGENT_ID: values['agent-id'] }),
    ...(values['config-url'] === undefined ? {} : { CONFIG_URL: values['config-url'] }),
    ...(values['redis-url'] === undefined ? {} : { REDIS_URL: values['redis-url'] }),
  };
  return { config: loadConfig(configSchema, given), warm: values.warm };
}

/** LangChain looks for its own switch; a key alone does not turn tracing on. */
export function switchTracing({ LANGSMITH_API_KEY }: RunnerConfig): boolean {
  process.env['LANGSMITH_TRACING'] = String(LANGSMITH_API_KEY !== undefined);
  return LANGSMITH_API_KEY !== undefined;
}
