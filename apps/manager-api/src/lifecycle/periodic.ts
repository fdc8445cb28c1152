import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import pTimeout from 'p-timeout';
import type { Logger } from 'pino';
import { LOGGER } from '../logging';
import { LeasesRepository } from './leases.repository';

/** Seconds a lease outlives its holder's last sign of life, so that another manager takes over soon. */
const LEASE_S = 6;
const RENEWAL_MS = (LEASE_S * 1_000) / 3;

/** Milliseconds after which a round that hangs holds up the next one no more. */
const ROUND_MS_MAX = 60_000;

/**
 * Work done again and again by one manager at a time: whoever holds its lease in PostgreSQL. A holder keeps its leases
 * while it lives, between rounds and in long ones alike. One that was cut off from PostgreSQL for longer than a lease
 * may find that another has begun: work must bear that, and what it writes is compare-and-set.
 */
@Injectable()
export class Periodic implements BeforeApplicationShutdown {
  private readonly holder = randomUUID();
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private readonly underWay = new Set<Promise<void>>();
  private readonly renewal: NodeJS.Timeout;
  private closed = false;

  constructor(
    private readonly leases: LeasesRepository,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.renewal = setInterval(() => this.renew(), RENEWAL_MS).unref();
  }

  /** The next round begins `interval_ms` after the last one ended. */
  every(name: string, interval_ms: number, work: () => Promise<void>): void {
    if (this.closed) return;
    const round = (): void => {
      const done = this.once(name, work).finally(() => {
        this.underWay.delete(done);
        this.every(name, interval_ms, work);
      });
      this.underWay.add(done);
    };
    this.timers.set(name, setTimeout(round, interval_ms));
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.closed = true;
    clearInterval(this.renewal);
    for (const timer of this.timers.values()) clearTimeout(timer);
    await Promise.all(this.underWay);
    await Promise.all([...this.timers.keys()].map((name) => this.leases.release(name, this.holder))).catch(
      () => undefined,
    );
  }

  private renew(): void {
    this.leases.renew(this.holder, LEASE_S).catch((error: unknown) => {
      this.logger.warn({ err: error }, 'leases not renewed; another manager may take them over');
    });
  }

  private async once(name: string, work: () => Promise<void>): Promise<void> {
    try {
      if (await this.leases.take(name, this.holder, LEASE_S))
        await pTimeout(work(), { milliseconds: ROUND_MS_MAX });
    } catch (error) {
      this.logger.warn({ err: error, work: name }, 'periodic work failed and will be repeated');
    }
  }
}
