import { AllowList } from '@roost/guarded-http/allow-list';
import { flag, httpUrl, integer, loadConfig, otlpEndpoint, text } from '@roost/service-kit';
import { z } from 'zod';
import { ingestionVariables } from './knowledge/ingestion.variables';
import { checkLangSmith, langSmithVariables } from './lifecycle/langsmith.variables';

/** `postgresql+asyncpg://` is what the Python service was given: the driver suffix is ignored. */
const databaseUrl = text()
  .transform((url) => url.replace(/^postgres(ql)?\+\w+:/, 'postgres:'))
  .pipe(z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgres:// URL' }));
const redisUrl = z.url({ protocol: /^rediss?$/, error: 'must be a redis:// URL' });
const secretsKey = text().refine((value) => Buffer.from(value, 'base64').length === 32, {
  error: 'must be 32 bytes in base64; make one with: openssl rand -base64 32',
});
const apiKey = z.string().regex(/^roost_[A-Za-z0-9_-]{43}$/, {
  error: 'must be roost_ and 43 characters: echo roost_$(openssl rand -base64 32 | tr +/ -_ | tr -d =)',
});

const allowedHosts = text()
  .transform((list) => list.split(',').map((entry) => entry.trim()))
  .refine(isAllowList, { error: 'must hold hosts, host:port, addresses or ranges, separated by commas' });

export const managerSchema = z.object({
  DATABASE_URL: databaseUrl.meta({
    description: 'PostgreSQL, e.g. `postgres://roost:secret@db:5432/roost`',
    secret: true,
  }),
  DATABASE_POOL_SIZE: integer(2, 200)
    .default(20)
    .meta({ description: 'Connections to PostgreSQL a manager opens at most' }),
  REDIS_URL: redisUrl
    .default('redis://localhost:6379')
    .meta({ description: 'Redis, with the right to `ACL SETUSER`', secret: true }),
  SECRETS_KEY: secretsKey.meta({
    description: 'Encrypts secrets at rest: 32 bytes in base64 (`openssl rand -base64 32`)',
    secret: true,
  }),
  BOOTSTRAP_API_KEY: apiKey
    .optional()
    .meta({ description: 'A first API key with the scope `admin`', secret: true }),
  GATEWAY_API_KEY: apiKey.optional().meta({
    description: 'The key of telegram-gateway: it may speak for users and be given the tokens of bots',
    secret: true,
    default_text: 'no gateway',
  }),
  MANAGER_HOST: text().default('0.0.0.0').meta({ description: 'Address both ports listen on' }),
  MANAGER_PORT: integer(0, 65_535)
    .default(8000)
    .meta({ description: 'Public port: REST, sockets, documentation' }),
  INTERNAL_PORT: integer(0, 65_535)
    .default(8001)
    .meta({ description: 'Internal port: runner instances alone; never published' }),
  TRUST_PROXY: text().default('false').meta({
    description:
      'Whose `X-Forwarded-For` counts: `false`, a number of proxies, or addresses and subnets separated by commas',
  }),
  CHAT_ALLOWED_ORIGINS: text().optional().meta({
    description:
      'Origins whose pages may open sockets, separated by commas; `*` for any; `loopback` for any local port',
  }),
  LAUNCHER: z.enum(['docker', 'kubernetes', 'process', 'memory']).default('docker').meta({
    description: "What runs the agents: `docker`, `kubernetes`, or `process` on a developer's machine",
  }),
  INSTALLATION: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,40}$/)
    .default('roost')
    .meta({ description: 'Tells installations that share an engine apart' }),
  DOCKER_HOST: text()
    .default('unix:///var/run/docker.sock')
    .meta({ description: 'The engine, `unix://` or `tcp://`' }),
  KUBERNETES_NAMESPACE: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, { error: 'must be a name of a namespace' })
    .default('roost-agents')
    .meta({ description: 'The namespace of the runner pods, and of nothing else' }),
  KUBERNETES_CONTEXT: text().optional().meta({
    description: 'A context of the file that `KUBECONFIG` names',
    default_text: "the pod's own account in a cluster, else the current context",
  }),
  RUNNER_IMAGE: text().default('roost/agent-runner:latest').meta({ description: 'Image of the runner' }),
  RUNNER_NETWORK: text().default('roost-runners').meta({ description: 'Network of the runner containers' }),
  RUNNER_ENTRY: text()
    .default('dist/apps/agent-runner/main.js')
    .meta({ description: 'Program of the runner, for `LAUNCHER=process`' }),
  RUNNER_STATE_DIR: text()
    .default('.roost/runners')
    .meta({ description: 'Where the process launcher keeps its records' }),
  RUNNER_REDIS_URL: redisUrl
    .optional()
    .meta({ description: 'Redis as runners reach it, without credentials', default_text: '`REDIS_URL`' }),
  RUNNER_CONFIG_ORIGIN: z.url().optional().meta({
    description: 'The internal port as runners reach it',
    default_text: '`http://127.0.0.1:<INTERNAL_PORT>`',
  }),
  RUNNER_EGRESS_PROXY: z
    .url({ protocol: /^http$/, error: 'must be an http:// URL of a forward proxy' })
    .optional()
    .meta({
      description:
        'A forward proxy as runners reach it: models and tools are asked through it, and it judges the addresses',
      default_text: 'runners go out directly',
    }),
  START_DEADLINE_SECONDS: integer(1, 3_600)
    .default(60)
    .meta({ description: 'Until a starting agent must be ready' }),
  START_QUEUE_SECONDS: integer(1, 86_400)
    .default(600)
    .meta({ description: 'How long a start may wait for its turn' }),
  STARTING_AGENTS_MAX: integer(1, 1_000).default(10).meta({
    description: 'Agents that may start at once, over all managers; further starts wait in a fair queue',
  }),
  RUNNING_AGENTS_MAX: integer(1, 100_000)
    .default(1_000)
    .meta({ description: 'Agents that may run, over all managers; further starts wait' }),
  RUNNING_AGENTS_PER_KEY_MAX: integer(1, 100_000).optional().meta({
    description: 'Agents made with one API key that may run; further starts of its agents wait',
    default_text: 'no limit',
  }),
  RUNNING_IDLE_YIELD_SECONDS: integer(1, 604_800).default(60).meta({
    description:
      'Seconds without a message after which an agent may be put to sleep for a start that waits for room',
  }),
  STOP_GRACE_SECONDS: integer(1, 600).default(30).meta({ description: 'Between SIGTERM and the kill' }),
  POOL_SIZE: integer(0, 1_000).default(0).meta({
    description: 'Instances kept started without an agent, so that a wake need not start one; 0 for none',
  }),
  POOL_MEMORY_BUDGET_MB: integer(0, 10_000_000)
    .default(2_048)
    .meta({ description: 'MiB the limits of waiting instances may add up to; the pool is cut to what fits' }),
  POOL_MEMORY_MB: integer(96, 65_536)
    .default(512)
    .meta({ description: 'Memory limit of a pool member; it serves agents with exactly these limits' }),
  POOL_CPUS: z.coerce
    .number()
    .min(0.05)
    .max(64)
    .default(1)
    .meta({ description: 'Processor share of a pool member' }),
  POOL_PIDS: integer(32, 32_768).default(128).meta({ description: 'Processes and threads of a pool member' }),
  POOL_MAX_AGE_SECONDS: integer(1, 604_800)
    .default(3_600)
    .meta({ description: 'After which a waiting instance is replaced' }),
  POOL_CLAIM_SECONDS: integer(1, 60)
    .default(5)
    .meta({ description: 'Until a claimed instance must have answered; else its agent starts cold' }),
  RECONCILE_INTERVAL_MS: integer(100, 30_000)
    .default(2_000)
    .meta({ description: 'Between two comparisons of what should run with what runs' }),
  FAILED_KEEP_SECONDS: integer(0, 86_400)
    .default(600)
    .meta({ description: 'How long a failed instance stays for its logs' }),
  AGENT_INACTIVITY_TIMEOUT: integer(1, 604_800)
    .default(1_800)
    .meta({ description: 'Seconds without a message after which an agent goes to sleep' }),
  AGENT_INACTIVITY_CHECK_INTERVAL: integer(1, 86_400)
    .default(300)
    .meta({ description: 'Seconds between two looks for idle agents' }),
  OPENAI_API_KEY: text()
    .optional()
    .meta({ description: "The operator's provider key; it travels only to `OPENAI_BASE_URL`", secret: true }),
  OPENAI_BASE_URL: z
    .url()
    .default('https://api.openai.com/v1')
    .meta({ description: 'Where the provider `openai` is' }),
  EMBEDDING_BASE_URL: z.url().optional().meta({
    description: 'Where texts are embedded, over the OpenAI protocol',
    default_text: '`OPENAI_BASE_URL`',
  }),
  EMBEDDING_API_KEY: text().optional().meta({
    description: 'Key for `EMBEDDING_BASE_URL`',
    secret: true,
    default_text: '`OPENAI_API_KEY`, where the base URL is `OPENAI_BASE_URL`; else none',
  }),
  EMBEDDING_MODEL: text()
    .default('text-embedding-3-small')
    .meta({ description: 'Embeds documents and questions; another one needs new knowledge bases' }),
  EMBEDDING_DIMENSIONS: integer(1, 8_192).optional().meta({
    description: 'Length of vectors, for models that can shorten them',
    default_text: "the model's",
  }),
  QDRANT_URL: httpUrl().optional().meta({
    description:
      'Qdrant, 1.16 or newer, on port 6333 unless it names one; without it knowledge is kept in PostgreSQL',
    default_text: 'PostgreSQL',
  }),
  QDRANT_API_KEY: text().optional().meta({ description: 'Key for `QDRANT_URL`', secret: true }),
  QDRANT_COLLECTION: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,100}$/, { error: 'must hold letters, digits, _ and - only' })
    .default('roost')
    .meta({ description: 'Holds the knowledge of this installation alone' }),
  RERANK_URL: httpUrl().optional().meta({
    description: 'Reranks what a search finds, over the protocol of Cohere: `<RERANK_URL>/v2/rerank`',
    default_text: 'no reranking',
  }),
  RERANK_API_KEY: text().optional().meta({ description: 'Key for `RERANK_URL`', secret: true }),
  RERANK_MODEL: text().default('rerank-v3.5').meta({ description: 'The model that reranks' }),
  TAVILY_API_KEY: text().optional().meta({
    description: "The operator's key for `web_search` tools; it travels only to `TAVILY_BASE_URL`",
    secret: true,
    default_text: 'no web search',
  }),
  TAVILY_BASE_URL: z
    .url({ protocol: /^https?$/ })
    .default('https://api.tavily.com')
    .meta({ description: 'Where Tavily is, for `web_search` tools' }),
  TOOL_ALLOWED_HOSTS: allowedHosts.default([]).meta({
    description:
      'Private hosts and odd ports that the tools of all agents may reach, separated by commas: `orders.internal:8080`, `10.20.0.0/16`',
    default_text: 'none: public hosts on 80 and 443 alone',
  }),
  ...ingestionVariables,
  MESSAGES_PER_MINUTE: integer(1, 1_000_000)
    .default(600)
    .meta({ description: 'Messages a key, or an address without a key, may send a minute' }),
  THREAD_MESSAGES_PER_MINUTE: integer(1, 1_000_000)
    .default(120)
    .meta({ description: 'Messages one thread takes a minute' }),
  CONNECTIONS_PER_MINUTE: integer(1, 1_000_000)
    .default(300)
    .meta({ description: 'Sockets an address or key may open a minute' }),
  CONNECTIONS_MAX: integer(1, 1_000_000)
    .default(500)
    .meta({ description: 'Sockets an address or key may hold open on one manager' }),
  PENDING_MESSAGES_MAX: integer(1, 100_000)
    .default(1_000)
    .meta({ description: 'Unanswered messages one agent may have' }),
  APPROVAL_TIMEOUT_SECONDS: integer(1, 2_592_000).default(86_400).meta({
    description: 'Seconds after which a call of a tool that nobody has approved counts as rejected',
  }),
  SOCKET_BUFFER_BYTES: integer(1_024, 1_073_741_824)
    .default(1_048_576)
    .meta({ description: 'Unread bytes after which a slow socket is closed' }),
  LOG_FOLLOWERS_MAX: integer(0, 10_000)
    .default(32)
    .meta({ description: 'Logs of agents one manager follows at a time' }),
  LOG_FOLLOW_BYTES_MAX: integer(1_024, 1_099_511_627_776)
    .default(67_108_864)
    .meta({ description: 'Bytes after which a followed log ends; its reader follows it anew' }),
  SHUTDOWN_SECONDS: integer(1, 600).default(20).meta({ description: 'Until a shutdown must be over' }),
  API_DOCS: flag().default(true).meta({ description: 'Serve `/docs` and `/openapi.json`' }),
  OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint(),
  RUNNER_OTLP_ENDPOINT: httpUrl().optional().meta({
    description: 'The same as runners reach it; without credentials',
    default_text: '`OTEL_EXPORTER_OTLP_ENDPOINT`',
  }),
  ...langSmithVariables,
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal'])
    .default('info')
    .meta({ description: 'The least severe lines to log' }),
  LOG_FORMAT: z
    .enum(['json', 'pretty'])
    .default('json')
    .meta({ description: '`json` for machines, `pretty` for people' }),
  NODE_ENV: text()
    .default('production')
    .meta({ description: '`LAUNCHER=process` is refused in `production`' }),
});

export type ManagerConfig = Readonly<z.infer<typeof managerSchema>>;

/** Provides {@link ManagerConfig} to Nest. */
export const CONFIG = Symbol('ManagerConfig');

function isAllowList(entries: string[]): boolean {
  try {
    return Boolean(AllowList.of(entries));
  } catch {
    return false;
  }
}

export function readConfig(env: NodeJS.ProcessEnv = process.env): ManagerConfig {
  const config = loadConfig(managerSchema, env);
  checkLangSmith(config);
  return config;
}
