import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ServiceError } from '@roost/contracts';
import type { Request } from 'express';
import { CredentialsService } from './credentials.service';
import { hasScope, type Principal } from './principal';
import { ROUTE_ACCESS, type RouteAccess } from './route.decorators';

/** Every route is guarded; one that does not say what it demands is closed. */
@Injectable()
export class CredentialGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly credentials: CredentialsService,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const access = this.reflector.getAllAndOverride<RouteAccess | undefined>(ROUTE_ACCESS, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (access?.kind === 'public') return true;
    const request = context.switchToHttp().getRequest<Request>();
    const credential = bearerToken(request.get('authorization'));
    if (credential === null) {
      throw new ServiceError('unauthorized', 'Send an API key: Authorization: Bearer <key>.');
    }
    const principal = await this.credentials.authenticate(credential);
    if (!access || !allows(access, principal)) {
      throw new ServiceError(
        'forbidden',
        access?.kind === 'scope'
          ? `This needs the scope ${access.scope}.`
          : 'This is not for your credential.',
      );
    }
    request.principal = principal;
    return true;
  }
}

/** The token of an `Authorization: Bearer` header, or null. */
export function bearerToken(header: string | undefined): string | null {
  return /^Bearer +([^\s]+)$/i.exec(header ?? '')?.[1] ?? null;
}

function allows(access: RouteAccess, principal: Principal): boolean {
  switch (access.kind) {
    case 'public':
      return true;
    case 'instance':
      return principal.kind === 'instance';
    case 'scope':
      return hasScope(principal, access.scope) || (access.chat_token && principal.kind === 'chat_token');
  }
}
