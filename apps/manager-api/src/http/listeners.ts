import {
  applyDecorators,
  type CanActivate,
  type ExecutionContext,
  Injectable,
  SetMetadata,
  type Type,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ServiceError } from '@roost/contracts';
import type { Request } from 'express';

/** Which port a request came in by. One app listens on both. */
export type Listener = 'public' | 'internal';

declare module 'http' {
  interface IncomingMessage {
    listener?: Listener;
  }
}

const LISTENERS = 'roost:listeners';

/** Routes of the internal port alone. Others are on the public port alone, unless they say {@link OnBothPorts}. */
export const InternalOnly = (): ClassDecorator =>
  applyDecorators(SetMetadata(LISTENERS, ['internal'] satisfies Listener[]));
export const OnBothPorts = (): ClassDecorator =>
  applyDecorators(SetMetadata(LISTENERS, ['internal', 'public'] satisfies Listener[]));

/** The ports on which a route exists. */
export const listenersOf = (
  reflector: Reflector,
  handler: ReturnType<ExecutionContext['getHandler']>,
  controller: Type,
): Listener[] =>
  reflector.getAllAndOverride<Listener[] | undefined>(LISTENERS, [handler, controller]) ?? ['public'];

/** On the wrong port a route does not exist. */
@Injectable()
export class ListenerGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    if (context.getType() !== 'http') return true;
    const allowed = listenersOf(this.reflector, context.getHandler(), context.getClass());
    if (allowed.includes(context.switchToHttp().getRequest<Request>().listener ?? 'public')) return true;
    throw new ServiceError('not_found', 'See /docs for the addresses there are.');
  }
}
