import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from 'pino';
import { Periodic } from '../../lifecycle/periodic';
import { LOGGER } from '../../logging';
import { ClaimsRepository } from './claims.repository';
import { IngestionQueue } from './ingestion.queue';
import { KnowledgeRemoval } from './knowledge.removal';

const SWEEP_MS = 5_000;
const MAINTENANCE_MS = 60_000;
const ORPHANS_MAX = 100;

/** What crashes and outages leave behind; by one manager at a time. */
@Injectable()
export class KnowledgeUpkeep implements OnApplicationBootstrap {
  constructor(
    private readonly periodic: Periodic,
    private readonly claims: ClaimsRepository,
    private readonly queue: IngestionQueue,
    private readonly removal: KnowledgeRemoval,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.periodic.every('knowledge-claims', SWEEP_MS, () => this.endLostClaims());
    this.periodic.every('knowledge-removal', SWEEP_MS, () => this.removal.removeDeleted());
    this.periodic.every('knowledge-jobs', MAINTENANCE_MS, () => this.maintain());
  }

  /** Their jobs go back into the queue: first, so that one that fails here is found again. */
  private async endLostClaims(): Promise<void> {
    for (const document of await this.claims.lost()) {
      this.logger.warn({ document_id: document.id }, 'an ingestion lost its worker and is taken up again');
      if (!document.deleted_at) await this.queue.fail(document.job_id, 'its worker gave no sign of life');
      await this.claims.endLost(document);
    }
    await this.claims.failOrphans(await this.queue.orphans(ORPHANS_MAX));
  }

  private async maintain(): Promise<void> {
    await this.queue.maintain();
  }
}
