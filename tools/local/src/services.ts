import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ManagedChild, startModelStub, startPostgres, startRedis, waitUntil } from '@roost/devstack';
import { bundleOf, runNode, startNode } from './app.process';
import type { RunningService, Service, StackContext } from './service';

/** The role in PostgreSQL that sees the gateway's schema alone. */
const GATEWAY_ROLE = 'roost_telegram';

/**
 * The local stack, in the order it starts; it stops in the reverse. A further app is a further row.
 */
export const servers: Service[] = [
  {
    label: 'PostgreSQL',
    async start({ paths, env }) {
      const server = await startPostgres({ dataDir: paths.postgres });
      const { url } = await server.createDatabase('roost');
      env['DATABASE_URL'] = url;
      return { child: server.child, stop: () => server.stop() };
    },
  },
  {
    label: 'Redis',
    async start({ paths, env }) {
      const server = await startRedis({ dir: paths.redis, appendonly: true });
      env['REDIS_URL'] = server.url;
      return { child: server.child, stop: () => server.stop() };
    },
  },
  {
    label: 'Model',
    async start({ config, env }) {
      if (config.openaiApiKey) return null;
      const stub = await startModelStub({ persona: 'demo' });
      env['OPENAI_API_KEY'] = 'demo';
      env['OPENAI_BASE_URL'] = stub.baseUrl;
      return { stop: () => stub.stop() };
    },
  },
];

const migrations: Service = {
  label: 'Migrations',
  async start(stack) {
    await runNode(stack, 'migrations', [bundleOf(stack, 'manager-api', 'migrate')], 60_000);
    return null;
  },
};

const manager = (...flags: string[]): Service => ({
  label: 'Manager',
  async start(stack) {
    Object.assign(stack.env, managerEnvironment(stack));
    const child = await startNode(stack, 'manager', [...flags, bundleOf(stack, 'manager-api')]);
    return readyAt(`http://127.0.0.1:${stack.config.managerPort}/readyz`, 'the manager', child);
  },
});

async function readyAt(url: string, what: string, child: ManagedChild): Promise<RunningService> {
  try {
    await waitUntil(`${what} is ready (${url})`, () => responds(url), { deadlineMs: 60_000, watched: child });
  } catch (error) {
    await child.stop();
    throw error;
  }
  return { child, stop: () => child.stop(15_000) };
}

/** What the gateway is given: the database as a role of its own, and nothing of the manager's secrets. */
function gatewayEnvironment({ config, secrets, env }: StackContext): NodeJS.ProcessEnv {
  const database = new URL(env['DATABASE_URL'] ?? '');
  database.username = GATEWAY_ROLE;
  database.password = secrets.gateway_database_password;
  return {
    PATH: env['PATH'],
    NODE_EXTRA_CA_CERTS: env['NODE_EXTRA_CA_CERTS'],
    NODE_ENV: 'development',
    DATABASE_URL: database.href,
    REDIS_URL: env['REDIS_URL'],
    MANAGER_URL: `http://127.0.0.1:${config.managerPort}`,
    MANAGER_INTERNAL_URL: `http://127.0.0.1:${config.internalPort}`,
    GATEWAY_API_KEY: secrets.gateway_api_key,
    GATEWAY_HOST: '127.0.0.1',
    GATEWAY_PORT: String(config.gatewayPort),
    // Any free one: several stacks may run beside each other, and the log says which it is.
    METRICS_PORT: env['METRICS_PORT'] ?? '0',
    TELEGRAM_BOT_TOKEN: env['TELEGRAM_BOT_TOKEN'],
    TELEGRAM_API_URL: env['TELEGRAM_API_URL'],
    TELEGRAM_WEBHOOK_URL: env['TELEGRAM_WEBHOOK_URL'],
    LOG_FORMAT: 'json',
  };
}

const gatewayMigrations: Service = {
  label: 'Telegram schema',
  async start(stack) {
    const env = { ...gatewayEnvironment(stack), ADMIN_DATABASE_URL: stack.env['DATABASE_URL'] };
    const program = bundleOf(stack, 'telegram-gateway', 'migrate');
    await runNode({ ...stack, env }, 'telegram-migrations', [program], 60_000);
    return null;
  },
};

const gateway = (...flags: string[]): Service => ({
  label: 'Telegram gateway',
  async start(stack) {
    const context = { ...stack, env: gatewayEnvironment(stack) };
    const child = await startNode(context, 'telegram-gateway', [
      ...flags,
      bundleOf(stack, 'telegram-gateway'),
    ]);
    const ready = `http://127.0.0.1:${stack.config.gatewayPort}/readyz`;
    return readyAt(ready, 'the Telegram gateway', child);
  },
});

/** Ready once it has built: a change during its first build would go unseen, and restart what has just started. */
const bundleWatch = (app: string): Service => ({
  label: `Rebuild of ${app}`,
  async start(stack) {
    const name = `watch-${app}`;
    const child = await startNode(stack, name, ['tools/build/bundle.mjs', `apps/${app}`, '--watch']);
    const log = join(stack.paths.logs, `${name}.log`);
    const built = async () => (await readFile(log, 'utf8')).includes('built in') || undefined;
    await waitUntil(`${app} is built`, built, { deadlineMs: 120_000, watched: child });
    return { child, stop: () => child.stop(5_000) };
  },
});

export const apps: Service[] = [migrations, manager(), gatewayMigrations, gateway()];

/** For development: bundles are rebuilt when a source changes, and the manager restarts when its bundle does. */
export const reloadingApps: Service[] = [
  migrations,
  bundleWatch('agent-runner'),
  bundleWatch('manager-api'),
  bundleWatch('telegram-gateway'),
  manager('--watch', '--watch-preserve-output'),
  gatewayMigrations,
  gateway('--watch', '--watch-preserve-output'),
];

function managerEnvironment({ paths, config, secrets }: StackContext): NodeJS.ProcessEnv {
  return {
    NODE_ENV: 'development',
    SECRETS_KEY: secrets.secrets_key,
    BOOTSTRAP_API_KEY: secrets.bootstrap_api_key,
    GATEWAY_API_KEY: secrets.gateway_api_key,
    MANAGER_HOST: '127.0.0.1',
    MANAGER_PORT: String(config.managerPort),
    INTERNAL_PORT: String(config.internalPort),
    LAUNCHER: 'process',
    // Pages on this machine may chat, whatever port serves them.
    CHAT_ALLOWED_ORIGINS: 'loopback',
    LOG_FORMAT: 'json',
    RUNNER_ENTRY: join(paths.apps, 'agent-runner', 'main.js'),
    RUNNER_STATE_DIR: paths.runners,
    KNOWLEDGE_DIR: paths.knowledge,
  };
}

async function responds(url: string): Promise<true | undefined> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok || undefined;
  } catch {
    return undefined;
  }
}
