import 'reflect-metadata';
import { closeOnSignal, createLogger, type Flush, redactConfig, runMain } from '@roost/service-kit';
import { startTracing } from '@roost/service-kit/tracing';
import { assemble, warmUp } from './bootstrap';
import {
  configSchema,
  egressProxy,
  ignoreTracingSwitches,
  type PoolConfig,
  readConfig,
  readPoolConfig,
  type RunnerConfig,
} from './config';
import { exchangeCode } from './exchange/instance.exchange';
import { modelFetch } from './graph/model.fetch';
import { compileCacheState } from './lifecycle/compile.cache';
import { ExitError, exitCodes } from './lifecycle/exit.codes';
import { waitInPool } from './pool/pool.member';
import type { RunnerService } from './lifecycle/runner.service';
import type { RunnerSetting } from './runner.module';
import { DatabaseClock } from './timeline/database.clock';

type Surroundings = Omit<RunnerSetting, 'config' | 'exchange'> & { flushes: Flush[] };
/** What a signal ends; until there is something to finish, nothing. */
type Stop = (within_ms: number) => Promise<void>;

async function main(): Promise<void> {
  ignoreTracingSwitches();
  const pool = readPoolConfig();
  if (pool) return supervise(pool, (surroundings) => runPooled(pool, surroundings));
  const { config, warm } = readConfig();
  return supervise(config, (surroundings) => (warm ? warmOnly : run)(config, surroundings));
}

/** Whatever is thrown in there ends the process with a code of its own. */
async function supervise(
  config: PoolConfig,
  work: (surroundings: Surroundings) => Promise<void>,
): Promise<void> {
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
  try {
    const flushes = await startTracing('agent-runner', config.OTEL_EXPORTER_OTLP_ENDPOINT, logger);
    await work({ logger, exit, clock: new DatabaseClock(), flushes });
  } catch (error) {
    exit(error instanceof Error ? error : new Error(String(error)));
  }
}

async function warmOnly(config: RunnerConfig, surroundings: Surroundings): Promise<void> {
  await warmUp(config, surroundings);
  tellCompiled(surroundings);
  process.exit(exitCodes.stopped);
}

async function run(config: RunnerConfig, surroundings: Surroundings): Promise<void> {
  tellStarting(config, surroundings);
  const runner = await become(config, surroundings);
  tellCompiled(surroundings);
  endOnSignal(config, surroundings, (within_ms) => runner.stop(within_ms));
  await runner.start();
}

/** As a member of the warm pool first, whose waiting ends at once when it is asked to. */
async function runPooled(pool: PoolConfig, surroundings: Surroundings): Promise<void> {
  tellStarting(pool, surroundings);
  let stop: Stop = () => Promise.resolve();
  endOnSignal(pool, surroundings, (within_ms) => stop(within_ms));
  await warmUp(pool, surroundings);
  tellCompiled(surroundings);
  const config = await waitInPool(pool, surroundings.logger, surroundings.exit);
  const runner = await become(config, surroundings);
  stop = (within_ms) => runner.stop(within_ms);
  await runner.start();
}

/** The agent's instance, with what the exchange says of it. */
async function become(config: RunnerConfig, surroundings: Surroundings): Promise<RunnerService> {
  const exchange = await exchangeCode(config, surroundings.clock);
  if (!exchange.langsmith) return assemble({ ...surroundings, config, exchange });
  // Apart, so that it is loaded where it is wanted and nowhere else.
  const { connectLangSmith } = await import('./langsmith/langsmith');
  const ask = modelFetch(egressProxy(config));
  const { tracer, flush } = connectLangSmith(exchange.langsmith, ask, surroundings.logger);
  surroundings.flushes.push(flush);
  return assemble({ ...surroundings, config, exchange, tracer });
}

const endOnSignal = (
  { STOP_GRACE_SECONDS }: PoolConfig,
  { logger, flushes }: Surroundings,
  stop: Stop,
): void => closeOnSignal(stop, STOP_GRACE_SECONDS * 1_000, logger, flushes);

function tellStarting(config: PoolConfig, { logger }: Surroundings): void {
  const compile_cache = compileCacheState();
  logger.info({ ...redactConfig(configSchema, config), compile_cache, node: process.version }, 'starting');
}

const tellCompiled = ({ logger }: Surroundings): void =>
  logger.info({ ms: Math.round(performance.now()) }, 'graph compiled');

runMain(main);
