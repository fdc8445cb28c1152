import { Injectable } from '@nestjs/common';
import type { ErrorCode } from '@roost/contracts';
import { MetricsRegistry } from '@roost/service-kit/metrics';
import { Counter, Gauge } from 'prom-client';

export type ConnectionKind = 'socket_io' | 'websocket' | 'sse';

/** Connections that stay: sockets and event streams. */
@Injectable()
export class ConnectionMetrics {
  private readonly open: Gauge<'kind'>;
  private readonly refused: Counter<'kind' | 'error_code'>;

  constructor({ registry }: MetricsRegistry) {
    this.open = new Gauge({
      name: 'roost_connections_open',
      help: 'Sockets and event streams that are open, by kind',
      labelNames: ['kind'],
      registers: [registry],
    });
    this.refused = new Counter({
      name: 'roost_connections_refused_total',
      help: 'Sockets turned away, before the upgrade or after it, by kind and error code',
      labelNames: ['kind', 'error_code'],
      registers: [registry],
    });
    for (const kind of ['socket_io', 'websocket', 'sse'] satisfies ConnectionKind[])
      this.open.set({ kind }, 0);
  }

  /** @returns what says that it was closed; saying it twice is harmless. */
  opened(kind: ConnectionKind): () => void {
    this.open.inc({ kind });
    let is_open = true;
    return () => {
      if (is_open) this.open.dec({ kind });
      is_open = false;
    };
  }

  wasRefused(kind: ConnectionKind, error_code: ErrorCode): void {
    this.refused.inc({ kind, error_code });
  }
}
