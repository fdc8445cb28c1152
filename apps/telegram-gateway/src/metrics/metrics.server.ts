import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { MetricsRegistry } from '@roost/service-kit/metrics';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { CONFIG, type GatewayConfig } from '../config';
import { LOGGER } from '../logging';

/** Milliseconds a client may take to ask. */
const REQUEST_MS = 10_000;

/** `/metrics` on a port of its own: Telegram's webhooks come in by the other, which may be open to the internet. */
@Injectable()
export class MetricsServer implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly server = createServer({ requestTimeout: REQUEST_MS }, (request, response) => {
    this.answer(request, response).catch((error: unknown) => {
      this.logger.warn({ err: error }, 'the metrics could not be told');
      response.destroy();
    });
  });

  constructor(
    private readonly metrics: MetricsRegistry,
    @Inject(CONFIG) private readonly config: GatewayConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** A port in use stops the start. */
  onApplicationBootstrap(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(this.config.METRICS_PORT, this.config.GATEWAY_HOST, () => {
        const { port } = this.server.address() as AddressInfo;
        this.logger.info({ metrics_port: port }, '/metrics is there');
        resolve();
      });
    });
  }

  onApplicationShutdown(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private async answer({ method, url }: IncomingMessage, response: ServerResponse): Promise<void> {
    if (url?.split('?')[0] !== '/metrics' || (method !== 'GET' && method !== 'HEAD')) {
      response.writeHead(404).end();
      return;
    }
    const text = await this.metrics.text();
    response.setHeader('content-type', this.metrics.content_type);
    response.setHeader('cache-control', 'no-store');
    response.end(text);
  }
}
