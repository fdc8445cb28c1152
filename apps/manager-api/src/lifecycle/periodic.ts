import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { LOGGER } from '../logging';
import { LeasesRepository } from './leases.repository';

const LEASE_MIN_S = 15;

/** Work done again and again by one manager at a time: whoever holds its lease in PostgreSQL. */
@Injectable()
export class Periodic implements BeforeApplicationShutdown {
  private readonly holder = randomUUID();
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private readonly underWay = new Set<Promise<void>>();
  private closed = false;

  constructor(
    private readonly leases: LeasesRepository,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** The next round begins `interval_ms` after the last one ended. */
  every(name: string, interval_ms: number, work: () => Promise<void>): void {
    if (this.closed) return;
    const round = (): void => {
      const done = this.once(name, interval_ms, work).finally(() => {
        this.underWay.delete(done);
        this.every(name, interval_ms, work);
      });
      this.underWay.add(done);
    };
    this.timers.set(name, setTimeout(round, interval_ms));
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.closed = true;
    for (const timer of this.timers.values()) clearTimeout(timer);
    await Promise.all(this.underWay);
    await Promise.all([...this.timers.keys()].map((name) => this.leases.release(name, this.holder))).catch(
      () => undefined,
    );
  }

  private async once(name: string, interval_ms: number, work: () => Promise<void>): Promise<void> {
    try {
      const life_s = Math.max(LEASE_MIN_S, (interval_ms / 1_000) * 3);
      if (await this.leases.take(name, this.holder, life_s)) await work();
    } catch (error) {
      this.logger.warn({ err: error, work: name }, 'periodic work failed and will be repeated');
    }
  }
}
