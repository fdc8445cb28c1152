import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { ServiceError } from '@roost/contracts';
import type { Request, Response } from 'express';
import { createHash } from 'node:crypto';
import { finalize, from, type Observable, of, switchMap, tap } from 'rxjs';
import { ownerOf, type Principal } from '../access/principal';
import { SecretBox } from '../secrets/secret-box';
import type { IdempotencyKeyEntity } from './idempotency-key.entity';
import { IdempotencyRepository } from './idempotency.repository';

const KEY_MAX = 255;

/**
 * `Idempotency-Key` on POST (draft-ietf-httpapi-idempotency-key-header): the first answer is kept for a day and
 * given again. Answers may hold secrets shown once, so they are sealed.
 */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(
    private readonly keys: IdempotencyRepository,
    private readonly secrets: SecretBox,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() !== 'http') return next.handle();
    const request = context.switchToHttp().getRequest<Request>();
    const key = request.get('idempotency-key');
    const { principal } = request;
    if (request.method !== 'POST' || key === undefined || !principal || isStream(request))
      return next.handle();
    if (key.length === 0 || key.length > KEY_MAX) {
      throw new ServiceError('validation_failed', `Idempotency-Key: must have 1 to ${KEY_MAX} characters`);
    }
    return from(this.firstAnswer(ownerOf(principal), key, request)).pipe(
      switchMap((answer) =>
        answer ? of(this.repeat(context, principal, key, answer)) : this.run(context, principal, key, next),
      ),
    );
  }

  private async firstAnswer(
    subject: string,
    key: string,
    request: Request,
  ): Promise<IdempotencyKeyEntity | null> {
    const { method, originalUrl, upload } = request;
    const body: unknown = request.body;
    const file = upload ? [upload.name, upload.file.content_hash] : [];
    const request_hash = createHash('sha256')
      .update(JSON.stringify([method, originalUrl, body, ...file]))
      .digest();
    const first = await this.keys.reserve(subject, key, request_hash);
    if (!first) return null;
    if (!first.request_hash.equals(request_hash)) {
      throw new ServiceError(
        'idempotency_key_reused',
        'Use a new Idempotency-Key for every request that differs.',
      );
    }
    if (first.status === null)
      throw new ServiceError('idempotency_in_progress', 'Wait for it, then repeat.', { retry_after_s: 1 });
    return first;
  }

  private repeat(
    context: ExecutionContext,
    principal: Principal,
    key: string,
    answer: IdempotencyKeyEntity,
  ): unknown {
    const response = context.switchToHttp().getResponse<Response>();
    response.status(answer.status ?? 200).setHeader('idempotency-replayed', 'true');
    const body: unknown = JSON.parse(this.secrets.open(answer.sealed_body ?? '', placeOf(principal, key)));
    if (usesResponse(context)) {
      response.json(body);
      return undefined;
    }
    return body;
  }

  private run(
    context: ExecutionContext,
    principal: Principal,
    key: string,
    next: CallHandler,
  ): Observable<unknown> {
    const subject = ownerOf(principal);
    const response = context.switchToHttp().getResponse<Response>();
    const held = holdBack(response);
    return next.handle().pipe(
      tap({ error: () => void this.keys.release(subject, key).catch(() => undefined) }),
      finalize(held.restore),
      switchMap(async (body: unknown) => {
        const answer = body ?? held.body() ?? null;
        const sealed = this.secrets.seal(JSON.stringify(answer), placeOf(principal, key));
        await this.keys.complete(subject, key, response.statusCode, sealed);
        held.restore();
        if (usesResponse(context)) response.json(answer);
        return body;
      }),
    );
  }
}

const placeOf = (principal: Principal, key: string): string => `idempotency:${ownerOf(principal)}:${key}`;
const isStream = (request: Request): boolean => request.get('accept')?.includes('text/event-stream') ?? false;

/** Routes that answer through the response object themselves. */
const usesResponse = (context: ExecutionContext): boolean => context.getClass().name === 'MessagesController';

/** What such a route answers is kept back until it is stored: whoever has it may repeat the request at once. */
function holdBack(response: Response): { body: () => unknown; restore: () => void } {
  const json = response.json;
  let body: unknown;
  response.json = (answer: unknown) => {
    body = answer;
    return response;
  };
  return { body: () => body, restore: () => void (response.json = json) };
}
