import { httpUrl, integer, loadConfig, otlpEndpoint, text } from '@roost/service-kit';
import { z } from 'zod';

/** `postgresql+asyncpg://` is what the Python service was given: the driver suffix is ignored. */
const databaseUrl = text()
  .transform((url) => url.replace(/^postgres(ql)?\+\w+:/, 'postgres:'))
  .pipe(z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgres:// URL' }));

export const gatewaySchema = z.object({
  DATABASE_URL: databaseUrl.meta({
    description: 'PostgreSQL, as a role of its own that sees the schema `telegram` alone',
    secret: true,
  }),
  DATABASE_POOL_SIZE: integer(2, 200)
    .default(10)
    .meta({ description: 'Connections to PostgreSQL a gateway opens at most' }),
  REDIS_URL: z
    .url({ protocol: /^rediss?$/, error: 'must be a redis:// URL' })
    .default('redis://localhost:6379')
    .meta({ description: 'Redis, over which the manager speaks to the gateway', secret: true }),
  MANAGER_URL: httpUrl()
    .default('http://127.0.0.1:8000')
    .meta({ description: "The manager's public port, as the gateway reaches it" }),
  MANAGER_INTERNAL_URL: httpUrl()
    .default('http://127.0.0.1:8001')
    .meta({ description: "The manager's internal port" }),
  GATEWAY_API_KEY: z
    .string()
    .regex(/^roost_[A-Za-z0-9_-]{43}$/, { error: 'must be an API key: roost_ and 43 characters' })
    .meta({ description: 'The key of the gateway, the same as the one of the manager', secret: true }),
  TELEGRAM_BOT_TOKEN: text()
    .regex(/^\d{1,16}:[A-Za-z0-9_-]{30,80}$/, { error: 'must be a token as @BotFather gives it' })
    .optional()
    .meta({
      description: 'The bot of an agent whose integration has no `bot_token`',
      secret: true,
    }),
  TELEGRAM_API_URL: httpUrl()
    .default('https://api.telegram.org')
    .meta({ description: 'The Bot API; another one for a Bot API server of your own' }),
  TELEGRAM_WEBHOOK_URL: httpUrl().optional().meta({
    description: 'The gateway as Telegram reaches it, for the mode `webhook`: `https://bots.example`',
    default_text: 'no webhooks',
  }),
  TELEGRAM_POLL_SECONDS: integer(1, 50)
    .default(25)
    .meta({ description: 'How long Telegram may keep a request for updates open' }),
  GATEWAY_HOST: text().default('0.0.0.0').meta({ description: 'Address the gateway listens on' }),
  GATEWAY_PORT: integer(0, 65_535).default(8002).meta({ description: 'Port of health checks and webhooks' }),
  METRICS_PORT: integer(0, 65_535)
    .default(9102)
    .meta({ description: 'Port of `/metrics` alone; never published' }),
  SHUTDOWN_SECONDS: integer(1, 600).default(20).meta({ description: 'Until a shutdown must be over' }),
  OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint(),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal'])
    .default('info')
    .meta({ description: 'The least severe lines to log' }),
  LOG_FORMAT: z
    .enum(['json', 'pretty'])
    .default('json')
    .meta({ description: '`json` for machines, `pretty` for people' }),
});

const migrateSchema = gatewaySchema.pick({ DATABASE_URL: true, LOG_LEVEL: true, LOG_FORMAT: true }).extend({
  ADMIN_DATABASE_URL: databaseUrl.optional().meta({
    description: 'The same database, as a role that may create roles; only `migrate` reads it',
    secret: true,
  }),
});

export type GatewayConfig = Readonly<z.infer<typeof gatewaySchema>>;

/** Provides {@link GatewayConfig} to Nest. */
export const CONFIG = Symbol('GatewayConfig');

export const readConfig = (env: NodeJS.ProcessEnv = process.env): GatewayConfig =>
  loadConfig(gatewaySchema, env);

export const readMigrateConfig = (env: NodeJS.ProcessEnv = process.env) => loadConfig(migrateSchema, env);
