import type { LoggerService } from '@nestjs/common';
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
export function createLogger({ name, level, format }: LoggerOptions, destination?: DestinationStream): Pino {
  const options = { name, level, redact, base: { name }, timestamp: pino.stdTimeFunctions.isoTime };
  if (destination) return pino(options, destination);
  if (format === 'json') return pino(options);
  return pino({
    ...options,
    transport: { target: 'pino-pretty', options: { ignore: 'pid,hostname', translateTime: 'HH:MM:ss.l' } },
  });
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
