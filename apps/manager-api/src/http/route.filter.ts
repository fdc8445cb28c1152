import { type ArgumentsHost, Catch, Inject, NotFoundException } from '@nestjs/common';
import { ServiceError } from '@roost/contracts';
import { ProblemFilter } from '@roost/service-kit/http';
import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import { bearerToken } from '../access/credential.guard';
import { CredentialsService } from '../access/credentials.service';
import { LOGGER } from '../logging';
import { RouteTable } from './route-table';

/** Problems, and of an address that knows other methods which these are (RFC 9110, section 15.5.6). */
@Catch()
export class RouteFilter extends ProblemFilter {
  constructor(
    private readonly routes: RouteTable,
    private readonly credentials: CredentialsService,
    @Inject(LOGGER) logger: Logger,
  ) {
    super(logger);
  }

  override catch(error: unknown, host: ArgumentsHost): void {
    // Our own "not found" is a ServiceError: this is the router's.
    if (!(error instanceof NotFoundException)) return super.catch(error, host);
    this.explain(host).then(
      (problem) => super.catch(problem ?? error, host),
      (problem: unknown) => super.catch(problem, host),
    );
  }

  /** @throws {ServiceError} `unauthorized`: what is behind a credential is told to nobody without one */
  private async explain(host: ArgumentsHost): Promise<ServiceError | null> {
    const http = host.switchToHttp();
    const request = http.getRequest<Request>();
    const routes = this.routes.at(request.path, request.listener ?? 'public');
    if (routes.length === 0) return null;
    if (!routes.some(({ is_public }) => is_public)) await this.authenticate(request);
    const methods = new Set(routes.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method])));
    const allow = [...methods].join(', ');
    http.getResponse<Response>().setHeader('allow', allow);
    return new ServiceError('method_not_allowed', `This address takes ${allow}.`);
  }

  private async authenticate(request: Request): Promise<void> {
    const credential = bearerToken(request.get('authorization'));
    if (credential === null)
      throw new ServiceError('unauthorized', 'Send an API key: Authorization: Bearer <key>.');
    await this.credentials.authenticate(credential);
  }
}
