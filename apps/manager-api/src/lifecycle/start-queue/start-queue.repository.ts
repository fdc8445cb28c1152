import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { CONFIG, type ManagerConfig } from '../../config';
import { inOneRoundTrip } from '../../database/one-round-trip';
import type { InstanceEntity } from '../instance.entity';
import { ADMISSION_LOCK, queueOfStarts, WAITS } from './queue-of-starts';

export type AdmittedInstance = InstanceEntity & {
  /** Which of the codes is its own. */
  code_index: number;
};

export interface WaitingStart {
  agent_id: string;
  generation: number;
  /** From 1. */
  position: number;
  /** Milliseconds of the Unix epoch, by the database's clock, at which this was so. */
  as_of: number;
}

/** Who waits for a start, and who may begin. */
@Injectable()
export class StartQueueRepository {
  constructor(
    @InjectDataSource() private readonly database: DataSource,
    @Inject(CONFIG) private readonly config: ManagerConfig,
  ) {}

  /**
   * Lets in the next in the queue, as many as the limits have room for and at most one a code. Whoever calls must
   * launch them: they have their code and their start deadline now.
   */
  admit(code_hashes: Buffer[]): Promise<AdmittedInstance[]> {
    const { STARTING_AGENTS_MAX, RUNNING_AGENTS_MAX, START_DEADLINE_SECONDS } = this.config;
    const codes = code_hashes.map((hash) => `'\\x${hash.toString('hex')}'`).join(', ');
    return inOneRoundTrip<AdmittedInstance>(this.database, [
      `SELECT pg_advisory_xact_lock(${ADMISSION_LOCK})`,
      `WITH ${this.queue},
       room AS (SELECT least(${STARTING_AGENTS_MAX} - count(*) FILTER (WHERE starts),
                             ${RUNNING_AGENTS_MAX} - count(*) FILTER (WHERE NOT waits),
                             ${code_hashes.length}) AS places FROM census)
       UPDATE instances i
       SET launched_at = now(), deadline = now() + make_interval(secs => ${START_DEADLINE_SECONDS}),
           code_hash = (ARRAY[${codes}]::bytea[])[queue.position]
       FROM queue, room
       WHERE i.id = queue.id AND queue.fits AND queue.position <= room.places AND i.ended_at IS NULL AND ${WAITS}
       RETURNING i.*, queue.position - 1 AS code_index`,
    ]);
  }

  /** Who waits, the next one first. */
  list(): Promise<WaitingStart[]> {
    return this.database.query(
      `WITH ${this.queue}
       SELECT agent_id, generation, position, extract(epoch FROM statement_timestamp())::float8 * 1000 AS as_of
       FROM queue ORDER BY position`,
    );
  }

  private get queue(): string {
    return queueOfStarts(this.config.RUNNING_AGENTS_PER_KEY_MAX ?? null);
  }
}
