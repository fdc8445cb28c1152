export {
  ConfigError,
  describeConfig,
  flag,
  httpUrl,
  integer,
  loadConfig,
  otlpEndpoint,
  redactConfig,
  text,
  type VariableMeta,
} from './config.schema';
export { createLogger, type LoggerOptions, NestLogger } from './logger';
export { runMain } from './run-main';
export { closeOnSignal, type Flush } from './shutdown';
