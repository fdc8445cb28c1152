import { applyDecorators, createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import { ApiBearerAuth } from '@nestjs/swagger';
import type { Scope } from '@roost/contracts/rest';
import type { Request } from 'express';
import type { Principal } from './principal';

/** What a route demands. A route that says nothing is refused to everybody. */
export type RouteAccess =
  { kind: 'public' } | { kind: 'scope'; scope: Scope; chat_token: boolean } | { kind: 'instance' };

export const ROUTE_ACCESS = 'roost:route-access';

/** No credential is asked for. */
export const Public = (): MethodDecorator & ClassDecorator =>
  SetMetadata(ROUTE_ACCESS, { kind: 'public' } satisfies RouteAccess);

/** An API key with the scope. */
export const NeedsScope = (scope: Scope): MethodDecorator =>
  applyDecorators(
    SetMetadata(ROUTE_ACCESS, { kind: 'scope', scope, chat_token: false } satisfies RouteAccess),
    ApiBearerAuth('api_key'),
  );

/** An API key with the scope, or a chat token; the service checks what a token may see. */
export const NeedsScopeOrChatToken = (scope: Scope): MethodDecorator =>
  applyDecorators(
    SetMetadata(ROUTE_ACCESS, { kind: 'scope', scope, chat_token: true } satisfies RouteAccess),
    ApiBearerAuth('api_key'),
    ApiBearerAuth('chat_token'),
  );

/** The token of a live runner instance. */
export const InstanceOnly = (): MethodDecorator & ClassDecorator =>
  applyDecorators(
    SetMetadata(ROUTE_ACCESS, { kind: 'instance' } satisfies RouteAccess),
    ApiBearerAuth('instance'),
  );

declare module 'http' {
  interface IncomingMessage {
    /** Set by the credential guard. */
    principal?: Principal;
  }
}

export const CurrentPrincipal = createParamDecorator(
  (_data: unknown, context: ExecutionContext): Principal =>
    context.switchToHttp().getRequest<Request>().principal ?? { kind: 'anonymous' },
);
