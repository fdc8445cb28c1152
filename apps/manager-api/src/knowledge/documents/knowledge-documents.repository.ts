import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { newDocumentId, ServiceError } from '@roost/contracts';
import { randomUUID } from 'node:crypto';
import { DataSource, type EntityManager, IsNull } from 'typeorm';
import { CONFIG, type ManagerConfig } from '../../config';
import { newestFirst, type PageRequest } from '../../database/page';
import { KnowledgeBasesRepository } from '../bases/knowledge-bases.repository';
import { IngestionQueue } from '../ingestion/ingestion.queue';
import { changeOf, type DocumentChange } from './document.change';
import type { DocumentInput } from './document.input';
import { KnowledgeDocumentEntity } from './knowledge-document.entity';

@Injectable()
export class KnowledgeDocumentsRepository {
  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly bases: KnowledgeBasesRepository,
    private readonly queue: IngestionQueue,
    @Inject(CONFIG) private readonly config: ManagerConfig,
  ) {}

  /**
   * Adds the document or changes the one it replaces, together with the job that ingests it. `keep` makes the content
   * the document's; it is called only where there is something to do.
   * @throws {ServiceError} `knowledge_base_not_found`, `document_not_found`, `knowledge_limit_reached`, `validation_failed`
   */
  async accept(
    knowledge_base_id: string,
    input: DocumentInput,
    keep: (document_id: string) => Promise<void>,
  ): Promise<KnowledgeDocumentEntity> {
    return this.database.transaction(async (tx) => {
      await this.bases.lock(knowledge_base_id, tx);
      const current = await this.replaced(knowledge_base_id, input, tx);
      const change = changeOf(current, input);
      if (current && change.unchanged) return current;
      const id = current?.id ?? newDocumentId();
      if (!current) await this.checkRoom(knowledge_base_id, tx);
      await this.write(id, knowledge_base_id, current !== null, change, tx);
      await keep(id);
      return tx.findOneByOrFail(KnowledgeDocumentEntity, { id });
    });
  }

  find(knowledge_base_id: string, id: string): Promise<KnowledgeDocumentEntity | null> {
    return this.database
      .getRepository(KnowledgeDocumentEntity)
      .findOneBy({ id, knowledge_base_id, deleted_at: IsNull() });
  }

  page(knowledge_base_id: string, request: PageRequest): Promise<KnowledgeDocumentEntity[]> {
    const rows = this.database
      .getRepository(KnowledgeDocumentEntity)
      .createQueryBuilder('row')
      .where('row.knowledge_base_id = :knowledge_base_id AND row.deleted_at IS NULL', { knowledge_base_id });
    return newestFirst(rows, request).getMany();
  }

  /** Hides it from now on; what it left is removed after. */
  async markDeleted(knowledge_base_id: string, id: string): Promise<void> {
    await this.database
      .getRepository(KnowledgeDocumentEntity)
      .update({ id, knowledge_base_id, deleted_at: IsNull() }, { deleted_at: () => 'now()' });
  }

  /** Which of these are deleted, with what they left perhaps still in the store. */
  async deletedAmong(ids: string[]): Promise<Set<string>> {
    const rows = await this.database.query<{ id: string }[]>(
      'SELECT id FROM knowledge_documents WHERE id = ANY($1) AND deleted_at IS NOT NULL',
      [ids],
    );
    return new Set(rows.map(({ id }) => id));
  }

  private async replaced(
    knowledge_base_id: string,
    { source, name, document_id }: DocumentInput,
    tx: EntityManager,
  ): Promise<KnowledgeDocumentEntity | null> {
    const lock = { mode: 'pessimistic_write' } as const;
    const mine = { knowledge_base_id, deleted_at: IsNull() };
    const namesake = await tx.findOne(KnowledgeDocumentEntity, { where: { ...mine, source, name }, lock });
    if (document_id === undefined || namesake?.id === document_id) return namesake;
    const named = await tx.findOne(KnowledgeDocumentEntity, { where: { ...mine, id: document_id }, lock });
    if (!named) throw documentNotFound();
    if (namesake) {
      const detail = `document_id: ${namesake.id} already has this name; replace that one, or delete it first.`;
      throw new ServiceError('validation_failed', detail);
    }
    return named;
  }

  private async checkRoom(knowledge_base_id: string, tx: EntityManager): Promise<void> {
    const { KNOWLEDGE_DOCUMENTS_MAX: max } = this.config;
    if ((await tx.countBy(KnowledgeDocumentEntity, { knowledge_base_id, deleted_at: IsNull() })) < max)
      return;
    throw new ServiceError(
      'knowledge_limit_reached',
      `A knowledge base may have ${max} documents: delete some, or let the operator raise KNOWLEDGE_DOCUMENTS_MAX.`,
    );
  }

  private async write(
    id: string,
    knowledge_base_id: string,
    exists: boolean,
    { fields }: DocumentChange,
    tx: EntityManager,
  ): Promise<void> {
    const job_id = randomUUID();
    const queued = { job_id, state: 'queued', done: 0, total: 0, problem: null } as const;
    if (exists) {
      await tx.update(KnowledgeDocumentEntity, { id }, { ...fields, ...queued, updated_at: () => 'now()' });
    } else {
      await tx.insert(KnowledgeDocumentEntity, { id, knowledge_base_id, ...fields, ...queued });
    }
    await this.queue.send({ document_id: id }, job_id, tx);
  }
}

export const documentNotFound = (): ServiceError =>
  new ServiceError(
    'document_not_found',
    'Look the id up with GET /knowledge-bases/{knowledge_base_id}/documents.',
  );
