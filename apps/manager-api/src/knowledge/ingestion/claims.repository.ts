import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DocumentType } from '@roost/contracts/rest';
import { randomUUID } from 'node:crypto';
import { DataSource, type EntityManager } from 'typeorm';
import { KnowledgeDocumentEntity } from '../documents/knowledge-document.entity';
import { DOCUMENT_FILES, type DocumentFiles } from '../files/document.files';
import { IngestionQueue } from './ingestion.queue';

/** The right to work on a document, as long as it is renewed. Whoever has lost it changes nothing any more. */
export interface Claim {
  document_id: string;
  job_id: string;
  worker: string;
}

export type ClaimOutcome =
  | { kind: 'claimed'; claim: Claim; document: KnowledgeDocumentEntity }
  | { kind: 'busy' }
  | { kind: 'obsolete' };

export type Progress = Partial<
  Pick<
    KnowledgeDocumentEntity,
    'state' | 'done' | 'total' | 'problem' | 'revision' | 'content_hash' | 'bytes'
  > & {
    type: DocumentType;
  }
>;

/** Seconds that a claim outlives the last sign of life of its worker. */
const LEASE_S = 15;
export const RENEWAL_MS = (LEASE_S * 1_000) / 5;

const HELD = 'id = :document_id AND job_id = :job_id AND worker = :worker AND deleted_at IS NULL';
const leaseEnd = (): string => `now() + interval '${LEASE_S} s'`;

@Injectable()
export class ClaimsRepository {
  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly queue: IngestionQueue,
    @Inject(DOCUMENT_FILES) private readonly files: DocumentFiles,
  ) {}

  /** `busy` while another worker has it, `obsolete` when the document is gone or a newer job has taken its place. */
  async claim(document_id: string, job_id: string): Promise<ClaimOutcome> {
    const claim = { document_id, job_id, worker: randomUUID() };
    const { affected } = await this.database
      .createQueryBuilder()
      .update(KnowledgeDocumentEntity)
      .set({
        worker: claim.worker,
        lease_until: leaseEnd,
        state: 'parsing',
        done: 0,
        total: 0,
        problem: null,
        updated_at: () => 'now()',
      })
      .where('id = :document_id AND job_id = :job_id AND deleted_at IS NULL', claim)
      .andWhere('(worker IS NULL OR lease_until < now())')
      .execute();
    const document = await this.database
      .getRepository(KnowledgeDocumentEntity)
      .findOneBy({ id: document_id, job_id });
    if (!document || document.deleted_at) return { kind: 'obsolete' };
    return affected === 1 ? { kind: 'claimed', claim, document } : { kind: 'busy' };
  }

  /** Writes and renews the claim. @returns whether it is still held */
  async write(claim: Claim, progress: Progress, tx: EntityManager = this.database.manager): Promise<boolean> {
    const { affected } = await tx
      .createQueryBuilder()
      .update(KnowledgeDocumentEntity)
      .set({ ...progress, lease_until: leaseEnd, updated_at: () => 'now()' })
      .where(HELD, claim)
      .execute();
    return affected === 1;
  }

  /** The document is ready; what it was read from before goes, under the row's lock, which whoever replaces it takes. */
  async finish(claim: Claim, document: KnowledgeDocumentEntity, progress: Progress): Promise<boolean> {
    return this.database.transaction(async (tx) => {
      if (!(await this.write(claim, { ...progress, state: 'ready', problem: null }, tx))) return false;
      const { id, knowledge_base_id, revision, content_hash } = document;
      await tx.update(
        KnowledgeDocumentEntity,
        { id },
        { published_revision: revision, worker: null, lease_until: null },
      );
      if (content_hash !== null) {
        await this.files.keepOnly({ knowledge_base_id, document_id: id }, content_hash);
      }
      return true;
    });
  }

  async release({ document_id, worker }: Claim): Promise<void> {
    await this.database
      .getRepository(KnowledgeDocumentEntity)
      .update({ id: document_id, worker }, { worker: null, lease_until: null });
  }

  /** Hands the document on to whoever takes the next job, which begins at once and with all its attempts. */
  async handBack(claim: Claim): Promise<void> {
    const job_id = randomUUID();
    await this.database.transaction(async (tx) => {
      const { affected } = await tx
        .createQueryBuilder()
        .update(KnowledgeDocumentEntity)
        .set({ job_id, state: 'queued', done: 0, total: 0, worker: null, lease_until: null })
        .where(HELD, claim)
        .execute();
      if (affected === 1) await this.queue.send({ document_id: claim.document_id }, job_id, tx);
    });
    await this.release(claim);
  }

  /** Claims whose worker has given no sign of life; their documents, deleted ones included. */
  lost(): Promise<KnowledgeDocumentEntity[]> {
    return this.database
      .getRepository(KnowledgeDocumentEntity)
      .createQueryBuilder('row')
      .where('row.worker IS NOT NULL AND row.lease_until < now()')
      .orderBy('row.lease_until')
      .take(50)
      .getMany();
  }

  /** Ends a lost claim, unless it was renewed or taken over meanwhile. */
  async endLost({ id, worker }: KnowledgeDocumentEntity): Promise<void> {
    await this.database
      .createQueryBuilder()
      .update(KnowledgeDocumentEntity)
      .set({
        worker: null,
        lease_until: null,
        state: 'queued',
        problem: INTERRUPTED,
        updated_at: () => 'now()',
      })
      .where('id = :id AND worker = :worker AND lease_until < now()', { id, worker })
      .execute();
  }

  /** Documents whose job is over without having ended them. */
  async failOrphans(ids: string[]): Promise<void> {
    if (ids.length === 0) return;
    await this.database
      .createQueryBuilder()
      .update(KnowledgeDocumentEntity)
      .set({
        state: 'failed',
        problem: `${INTERRUPTED} too often; add the document again`,
        updated_at: () => 'now()',
      })
      .where("id = ANY(:ids) AND state NOT IN ('ready', 'failed') AND worker IS NULL", { ids })
      .execute();
  }
}

const INTERRUPTED = 'the work on it was interrupted';
