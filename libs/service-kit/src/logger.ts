import type { LoggerService } from '@nestjs/common';
import { requestContext } from './request-context';
import { type DestinationStream, type Logger as Pino, pino } from 'pino';

export interface LoggerOptions {
  /** The app, on every line. */
  name: string;
  level: string;
  /** `json` for machines, `pretty` for people. */
  format: 'json' | 'pretty';
}

/** Field names that never reach a log, at the top and one level down. */
const SECRET_FIELDS = [
  'authorization',
  'cookie',
  'password',
  'api_key',
  'token',
  'secret',
  'code',
  'content',
  'key',
];
const redact = {
  paths: [
    ...SECRET_FIELDS.flatMap((field) => [field, `*.${field}`]).filter(
      (path) => path !== 'code' && path !== '*.code',
    ),
    'req.headers.authorization',
    'req.headers.cookie',
    'req.headers["sec-websocket-protocol"]',
  ],
  censor: '[redacted]',
};

/** A structured logger; JSON lines on standard output unless a person reads along. */
export async function createLogger(
  { name, level, format }: LoggerOptions,
  destination?: DestinationStream,
): Promise<Pino> {
  const options = {
    serializers: { err: withoutPayload },
    level,
    redact,
    base: { name },
    mixin: () => requestContext(),
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  if (destination) return pino(options, destination);
  if (format === 'json') return pino(options);
  // Loaded only for people, and in this thread: a bundle has no module file for a worker to load.
  const { default: pretty } = await import('pino-pretty');
  return pino(
    options,
    pretty({ ignore: 'pid,hostname,name', translateTime: 'HH:MM:ss.l', messageFormat: '{name}: {msg}' }),
  );
}

/** Errors of clients carry what they were sending: passwords, messages. Of a command only its name is told. */
function withoutPayload(error: Error): object {
  const { command, parameters, query, driverError, ...told } = pino.stdSerializers.err(
    error,
  ) as unknown as Record<string, unknown>;
  const name = (command as { name?: unknown } | undefined)?.name;
  return typeof name === 'string' ? { ...told, command: name } : told;
}

/** Lets Nest write its own lines through ours. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Pino) {}

  log(message: unknown, context?: string): void {
    this.logger.debug({ context }, String(message));
  }
  warn(message: unknown, context?: string): void {
    this.logger.warn({ context }, String(message));
  }
  error(message: unknown, stack?: string, context?: string): void {
    this.logger.error({ context, stack }, String(message));
  }
  fatal(message: unknown, context?: string): void {
    this.logger.fatal({ context }, String(message));
  }
}
