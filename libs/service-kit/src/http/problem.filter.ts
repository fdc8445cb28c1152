import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import { errorCatalogue, type ErrorCode, ServiceError } from '@roost/contracts';
import type { Request, Response } from 'express';
import type { Logger } from 'pino';

/** Turns whatever was thrown into RFC 9457 problem+json with a code of the catalogue. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<Request>();
    const response = http.getResponse<Response>();
    const problem = asServiceError(error);
    if (problem.status >= 500) {
      this.logger.error({ err: error, request_id: request.request_id, path: request.path }, 'request failed');
    }
    if (response.headersSent) {
      response.end();
      return;
    }
    const { retry_after_s, errors } = problem.extras;
    if (retry_after_s !== undefined) response.setHeader('retry-after', String(retry_after_s));
    if (problem.code === 'unauthorized') response.setHeader('www-authenticate', 'Bearer');
    response
      .status(problem.status)
      .type('application/problem+json')
      .send(JSON.stringify(problemBody(problem, request.request_id ?? '', errors)));
  }
}

/** The body of a problem. */
export function problemBody(
  problem: ServiceError,
  request_id: string,
  errors = problem.extras.errors,
): object {
  return {
    type: `urn:roost:error:${problem.code}`,
    title: errorCatalogue[problem.code].title,
    status: problem.status,
    detail: problem.detail,
    code: problem.code,
    request_id,
    ...(errors ? { errors } : {}),
  };
}

const byStatus: Record<number, ErrorCode> = {
  400: 'validation_failed',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  413: 'payload_too_large',
  415: 'unsupported_media_type',
  429: 'too_many_requests',
  503: 'dependency_unavailable',
};

/** Names of errors that say that PostgreSQL or Redis does not answer. */
const unavailable = /^(ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|57P0[123]|57014|08\d{3}|53300)$/;

/** The catalogue's view of any error. */
export function asServiceError(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  if (error instanceof HttpException) return fromHttpException(error);
  if (!(error instanceof Error)) return new ServiceError('internal_error', 'Try again; the logs know more.');
  const { code, type, status } = error as { code?: unknown; type?: unknown; status?: unknown };
  if (type === 'entity.too.large') return new ServiceError('payload_too_large', 'A body may have 1 MiB.');
  if (type === 'encoding.invalid') return new ServiceError('malformed_json', 'Send valid UTF-8.');
  if (type === 'entity.parse.failed') return new ServiceError('malformed_json', 'Send valid JSON.');
  if (type === 'encoding.unsupported' || type === 'charset.unsupported') {
    return new ServiceError('unsupported_media_type', 'Send plain UTF-8 JSON.');
  }
  if ((typeof code === 'string' && unavailable.test(code)) || isRedisAway(error) || isPoolTimeout(error)) {
    return new ServiceError(
      'dependency_unavailable',
      'Try again in a moment; GET /readyz names what is away.',
      { retry_after_s: 2 },
    );
  }
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return new ServiceError(byStatus[status] ?? 'validation_failed', error.message);
  }
  return new ServiceError('internal_error', 'Try again; the logs know more under this request_id.');
}

const isRedisAway = (error: Error): boolean =>
  error.name === 'MaxRetriesPerRequestError' ||
  error.message === 'Command timed out' ||
  error.message === 'Connection is closed.';
const isPoolTimeout = (error: Error): boolean =>
  /timeout exceeded when trying to connect|Connection terminated|Query read timeout|is not queryable/.test(
    error.message,
  );

function fromHttpException(error: HttpException): ServiceError {
  const status = error.getStatus();
  const code = byStatus[status] ?? (status >= 500 ? 'internal_error' : 'validation_failed');
  if (/JSON/.test(error.message) && status === 400)
    return new ServiceError('malformed_json', 'Send valid JSON.');
  return new ServiceError(code, status === 404 ? 'See /docs for the addresses there are.' : error.message);
}
