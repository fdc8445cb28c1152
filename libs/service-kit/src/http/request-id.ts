import { newRequestId } from '@roost/contracts';
import { inRequest } from '../request-context';
import type { NextFunction, Request, Response } from 'express';

/** What a caller may choose as its request id; anything else is replaced. */
const ACCEPTED = /^[A-Za-z0-9_.:-]{8,128}$/;

declare module 'http' {
  interface IncomingMessage {
    /** Names the request in its answer and in every log line. */
    request_id?: string;
  }
}

/** Gives each request an id, the caller's own `X-Request-Id` when it is well formed, and returns it. */
export function requestId(request: Request, response: Response, next: NextFunction): void {
  const given = request.get('x-request-id');
  request.request_id = given && ACCEPTED.test(given) ? given : newRequestId();
  response.setHeader('x-request-id', request.request_id);
  inRequest(request.request_id, next);
}
