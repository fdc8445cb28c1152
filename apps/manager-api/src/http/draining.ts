import { Injectable } from '@nestjs/common';
import { ServiceError } from '@roost/contracts';
import type { NextFunction, Request, Response } from 'express';

const HEALTH = new Set(['/livez', '/readyz']);

/** Whether this manager takes anything new. Once it does not, it never does again. */
@Injectable()
export class Draining {
  private begun = false;

  get hasBegun(): boolean {
    return this.begun;
  }

  begin(): void {
    this.begun = true;
  }

  /** @throws {ServiceError} `shutting_down` */
  refuse(): void {
    if (this.begun) throw shuttingDown();
  }

  /** Refuses new requests of the public port; instances are served until the end. */
  readonly middleware = (request: Request, response: Response, next: NextFunction): void => {
    if (this.begun) response.setHeader('connection', 'close');
    if (this.begun && request.listener !== 'internal' && !HEALTH.has(request.path)) throw shuttingDown();
    next();
  };
}

export const shuttingDown = (): ServiceError =>
  new ServiceError('shutting_down', 'Try again; another manager answers.', { retry_after_s: 1 });
