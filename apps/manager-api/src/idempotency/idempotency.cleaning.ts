import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Periodic } from '../lifecycle/periodic';
import { IdempotencyRepository } from './idempotency.repository';

const EVERY_MS = 3_600_000;

/** Forgets answers after their day. */
@Injectable()
export class IdempotencyCleaning implements OnApplicationBootstrap {
  constructor(
    private readonly keys: IdempotencyRepository,
    private readonly periodic: Periodic,
  ) {}

  onApplicationBootstrap(): void {
    this.periodic.every('idempotency-cleaning', EVERY_MS, () => this.keys.deleteExpired());
  }
}
