import { ServiceError } from '@roost/contracts';
import type { NextFunction, Request, Response } from 'express';

/** Levels of lists and objects in what clients send; what is described has four. */
const DEPTH_MAX = 32;
/** PostgreSQL stores neither NUL nor half a surrogate pair. */
const UNSTORABLE = /\0|\p{Surrogate}/u;
/** Names that mean something to JavaScript, and so to the libraries that read bodies. */
const RESERVED = new Set(['__proto__', 'constructor']);

/**
 * Refuses what would fail deeper inside, in the database or by exhausting the stack.
 * @throws {ServiceError} `validation_failed`
 */
export function checkStorable(value: unknown): void {
  const open: [value: unknown, depth: number][] = [[value, 0]];
  for (let next = open.pop(); next; next = open.pop()) {
    const [item, depth] = next;
    if (typeof item === 'string') checkText(item);
    if (typeof item !== 'object' || item === null) continue;
    if (depth >= DEPTH_MAX) throw new ServiceError('validation_failed', 'The body is nested too deeply.');
    for (const [name, child] of Object.entries(item)) {
      if (RESERVED.has(name))
        throw new ServiceError('validation_failed', `property ${name} should not exist`);
      checkText(name);
      open.push([child, depth + 1]);
    }
  }
}

/** The same for the URL and the body of a request to the public port. */
export function refuseUnstorable(request: Request, _response: Response, next: NextFunction): void {
  if (request.listener !== 'internal') {
    checkUrl(request.url);
    checkStorable(request.body);
  }
  next();
}

/** @throws {ServiceError} `validation_failed` */
export function checkUrl(url: string | undefined): void {
  if (url?.includes('%00')) throw new ServiceError('validation_failed', 'Leave %00 out of the URL.');
}

function checkText(text: string): void {
  if (UNSTORABLE.test(text))
    throw new ServiceError(
      'validation_failed',
      'Texts may hold neither the character NUL (\\u0000) nor half a surrogate pair.',
    );
}
