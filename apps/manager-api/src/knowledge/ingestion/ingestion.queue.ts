import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import PgBoss from 'pg-boss';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { DataSource, type EntityManager } from 'typeorm';
import { CONFIG, type ManagerConfig } from '../../config';
import { LOGGER } from '../../logging';

export interface IngestionJob {
  document_id: string;
}

export interface TakenJob extends IngestionJob {
  job_id: string;
  /** A failure of this attempt is the last. */
  last_attempt: boolean;
}

const QUEUE = 'knowledge-ingestion';
/** Seconds before the first retry; pg-boss doubles them and adds jitter. */
const RETRY_DELAY_S = 2;
/** Nothing may take longer; shorter outages of a worker are noticed by its lease. */
const EXPIRE_HOURS = 6;

/**
 * Jobs in PostgreSQL, kept by pg-boss over the manager's own connections. Its schema comes from our migrations, and
 * its timers stay off: a manager without documents to ingest asks for a job every few seconds and does nothing else.
 */
@Injectable()
export class IngestionQueue {
  private readonly boss: PgBoss;

  constructor(
    @InjectDataSource() private readonly database: DataSource,
    @Inject(CONFIG) private readonly config: ManagerConfig,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.boss = new PgBoss({
      db: { executeSql: (text, values) => this.pool().query(text, values) },
      schema: 'pgboss',
      migrate: false,
      supervise: false,
      schedule: false,
      archiveCompletedAfterSeconds: 3_600,
      deleteAfterDays: 1,
    });
    this.boss.on('error', (error) => logger.warn({ err: error }, 'the queue of ingestions failed'));
  }

  /** Part of the transaction: the job is there when what it is for is. */
  async send(job: IngestionJob, job_id: string, tx: EntityManager): Promise<void> {
    await this.boss.send(QUEUE, job, {
      id: job_id,
      retryLimit: this.config.KNOWLEDGE_INGESTION_RETRIES,
      retryDelay: RETRY_DELAY_S,
      retryBackoff: true,
      expireInHours: EXPIRE_HOURS,
      db: { executeSql: async (text, values) => ({ rows: await tx.query<unknown[]>(text, values) }) },
    });
  }

  /** The next job, which is then this worker's; null when there is none, or PostgreSQL does not answer. */
  async take(): Promise<TakenJob | null> {
    const [job] = await this.boss.fetch<IngestionJob>(QUEUE, { batchSize: 1, includeMetadata: true });
    return job
      ? { job_id: job.id, document_id: job.data.document_id, last_attempt: job.retryCount >= job.retryLimit }
      : null;
  }

  async complete(job_id: string): Promise<void> {
    await this.boss.complete(QUEUE, job_id);
  }

  /** To be tried again, unless it was the last attempt. */
  async fail(job_id: string, reason: string): Promise<void> {
    await this.boss.fail(QUEUE, job_id, { message: reason });
  }

  /** Of unfinished documents that nobody works on those whose job nobody will ever take again. */
  async orphans(limit: number): Promise<string[]> {
    const rows = await this.database.query<{ id: string }[]>(
      `SELECT d.id FROM knowledge_documents d
       WHERE d.state NOT IN ('ready', 'failed') AND d.worker IS NULL AND d.deleted_at IS NULL
         AND NOT EXISTS (SELECT FROM pgboss.job j WHERE j.name = $1 AND j.id = d.job_id AND j.state < 'completed')
       LIMIT $2`,
      [QUEUE, limit],
    );
    return rows.map(({ id }) => id);
  }

  /** Fails jobs past their expiry and removes old ones. */
  async maintain(): Promise<void> {
    await this.boss.maintain();
  }

  /** TypeORM's own query() hides rows of some statements; this is the pool beneath it. */
  private pool(): Pool {
    return (this.database.driver as unknown as { master: Pool }).master;
  }
}
