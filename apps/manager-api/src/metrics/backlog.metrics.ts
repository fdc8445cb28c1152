import { Inject, Injectable } from '@nestjs/common';
import { MetricsRegistry } from '@roost/service-kit/metrics';
import type { Logger } from 'pino';
import { Gauge } from 'prom-client';
import { LOGGER } from '../logging';
import { type Backlog, BacklogRepository } from './backlog.repository';

/** Milliseconds a scrape waits for the database. */
const DEADLINE_MS = 2_000;

/** What is owed, read when it is asked for: by one query however many ask. Every manager says the same. */
@Injectable()
export class BacklogMetrics {
  private reading: Promise<Backlog | null> | null = null;

  constructor(
    { registry }: MetricsRegistry,
    private readonly backlog: BacklogRepository,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    const read = (): Promise<Backlog | null> => this.read();
    const gauge = (name: string, help: string, valueOf: (backlog: Backlog) => number): void => {
      new Gauge({
        name,
        help,
        registers: [registry],
        async collect() {
          const found = await read();
          // No value rather than an old one.
          if (found) this.set(valueOf(found));
          else this.remove();
        },
      });
    };
    gauge(
      'roost_messages_owed',
      'Messages accepted and not answered yet, in the whole installation; a lower bound from 10,000 on',
      ({ owed }) => owed,
    );
    gauge(
      'roost_messages_owed_oldest_age_seconds',
      'Age of the oldest message that is owed an answer; 0 when none is',
      ({ oldest_age_s }) => oldest_age_s,
    );
  }

  private read(): Promise<Backlog | null> {
    this.reading ??= this.readInTime().finally(() => (this.reading = null));
    return this.reading;
  }

  private async readInTime(): Promise<Backlog | null> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<null>((resolve) => (timer = setTimeout(() => resolve(null), DEADLINE_MS)));
    const found = this.backlog.read().catch((error: unknown) => {
      this.logger.warn(
        { err: error },
        'the backlog is missing from the metrics: the database does not answer',
      );
      return null;
    });
    return Promise.race([found, late]).finally(() => clearTimeout(timer));
  }
}
