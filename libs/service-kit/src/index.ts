export {
  ConfigError,
  describeConfig,
  flag,
  integer,
  loadConfig,
  redactConfig,
  text,
  type VariableMeta,
} from './config.schema';
export { createLogger, type LoggerOptions, NestLogger } from './logger';
export { runMain } from './run-main';
export { closeOnSignal, type Flush } from './shutdown';
