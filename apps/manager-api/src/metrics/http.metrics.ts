import { Injectable } from '@nestjs/common';
import { MetricsRegistry } from '@roost/service-kit/metrics';
import type { NextFunction, Request, Response } from 'express';
import { Counter, Histogram } from 'prom-client';
import { isStreamed } from '../http/streamed';

/** Fewer than elsewhere: each is a series a route, method and class of status. */
const BUCKETS_S = [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 30];
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
type Labels = 'method' | 'route' | 'status_class';

/** Requests of both ports, by route and never by path: a series for each agent would never end. */
@Injectable()
export class HttpMetrics {
  private readonly requests: Counter<Labels>;
  private readonly duration: Histogram<Labels>;

  constructor({ registry }: MetricsRegistry) {
    const labelNames: Labels[] = ['method', 'route', 'status_class'];
    this.requests = new Counter({
      name: 'roost_http_requests_total',
      help: 'Requests that ended, by method, route and class of status; closed when the client left before an answer',
      labelNames,
      registers: [registry],
    });
    this.duration = new Histogram({
      name: 'roost_http_request_duration_seconds',
      help: 'From a request to the end of its answer, streams left out',
      labelNames,
      buckets: BUCKETS_S,
      registers: [registry],
    });
  }

  readonly middleware = (request: Request, response: Response, next: NextFunction): void => {
    const begun = performance.now();
    // It follows `finish`, and comes alone when the client leaves before that.
    response.on('close', () => {
      const labels = {
        method: METHODS.has(request.method) ? request.method : 'other',
        route: routeOf(request),
        status_class: response.headersSent ? `${Math.floor(response.statusCode / 100)}xx` : 'closed',
      };
      this.requests.inc(labels);
      if (!isStreamed(response)) this.duration.observe(labels, (performance.now() - begun) / 1_000);
    });
    next();
  };
}

/** The template that matched. What no route took has no name of its own. */
const routeOf = ({ route }: Request): string => {
  const template = (route as { path?: unknown } | undefined)?.path;
  return typeof template === 'string' ? template : 'unmatched';
};
