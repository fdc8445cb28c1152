import 'reflect-metadata';
import type { ExchangeResponse } from '@roost/contracts';
import { closeOnSignal, createLogger, redactConfig, runMain } from '@roost/service-kit';
import type { Logger } from 'pino';
import { assemble } from './bootstrap';
import { configSchema, readConfig, type RunnerConfig, switchTracing } from './config';
import { exchangeCode } from './exchange/instance.exchange';
import { compileCacheState } from './lifecycle/compile.cache';
import { ExitError, exitCodes } from './lifecycle/exit.codes';

async function main(): Promise<void> {
  const { config, warm } = readConfig();
  const logger = await createLogger({
    name: 'agent-runner',
    level: config.LOG_LEVEL,
    format: config.LOG_FORMAT,
  });
  const exit = (end: Error): void => {
    const named = end instanceof ExitError;
    logger.fatal(
      named ? { reason: end.reason, cause: end.cause } : { err: end },
      named ? end.message : 'failed',
    );
    process.exit(named ? end.code : exitCodes.failed);
  };
  process.on('unhandledRejection', (error) =>
    exit(error instanceof Error ? error : new Error(String(error))),
  );
  process.on('uncaughtException', exit);
  const compile_cache = compileCacheState();
  try {
    if (warm) {
      await run(config, nobody(config), logger, exit, false);
      process.exit(exitCodes.stopped);
    }
    logger.info({ ...redactConfig(configSchema, config), compile_cache, node: process.version }, 'starting');
    await run(config, await exchangeCode(config), logger, exit, true);
  } catch (error) {
    exit(error instanceof Error ? error : new Error(String(error)));
  }
}

async function run(
  config: RunnerConfig,
  exchange: ExchangeResponse,
  logger: Logger,
  exit: (end: Error) => void,
  connect: boolean,
): Promise<void> {
  const runner = await assemble({ config, exchange, logger, exit, traced: switchTracing(config) });
  logger.info({ ms: Math.round(performance.now()) }, 'graph compiled');
  if (!connect) return;
  const grace_ms = config.STOP_GRACE_SECONDS * 1_000;
  closeOnSignal(() => runner.stop(grace_ms), grace_ms, logger);
  await runner.start();
}

/** Credentials of no instance, for a start that connects nowhere. */
function nobody({ AGENT_ID: agent_id, INSTANCE_ID: instance_id }: RunnerConfig): ExchangeResponse {
  return {
    instance_id,
    generation: 0,
    token: '',
    redis: { username: '', password: '' },
    configuration: {
      agent_id,
      version: 0,
      model: { base_url: 'http://127.0.0.1:1', api_key: null },
      outbound: { allowed_hosts: [] },
      configuration: {} as ExchangeResponse['configuration']['configuration'],
    },
  };
}

runMain(main);
