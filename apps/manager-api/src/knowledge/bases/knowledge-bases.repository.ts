import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { newKnowledgeBaseId, ServiceError } from '@roost/contracts';
import { DataSource, type EntityManager, IsNull } from 'typeorm';
import { CONFIG, type ManagerConfig } from '../../config';
import { newestFirst, type PageRequest } from '../../database/page';
import { KnowledgeDocumentEntity } from '../documents/knowledge-document.entity';
import { KnowledgeBaseEntity } from './knowledge-base.entity';

export interface KnowledgeBaseView {
  base: KnowledgeBaseEntity;
  documents: number;
}

/** Serialises what counts knowledge bases before it adds one. */
const COUNTING_LOCK = 7_266_780;

@Injectable()
export class KnowledgeBasesRepository {
  constructor(
    @InjectDataSource() private readonly database: DataSource,
    @Inject(CONFIG) private readonly config: ManagerConfig,
  ) {}

  /** @throws {ServiceError} `knowledge_limit_reached` */
  async create(fields: { name: string; description: string }): Promise<KnowledgeBaseView> {
    const id = newKnowledgeBaseId();
    await this.database.transaction(async (tx) => {
      await tx.query('SELECT pg_advisory_xact_lock($1)', [COUNTING_LOCK]);
      const { KNOWLEDGE_BASES_MAX: max } = this.config;
      if ((await tx.countBy(KnowledgeBaseEntity, { deleted_at: IsNull() })) >= max) {
        throw new ServiceError(
          'knowledge_limit_reached',
          `There may be ${max} knowledge bases: delete some, or let the operator raise KNOWLEDGE_BASES_MAX.`,
        );
      }
      await tx.insert(KnowledgeBaseEntity, { id, ...fields, deleted_at: null });
    });
    const base = await this.database.getRepository(KnowledgeBaseEntity).findOneByOrFail({ id });
    return { base, documents: 0 };
  }

  async find(id: string): Promise<KnowledgeBaseView | null> {
    const base = await this.database
      .getRepository(KnowledgeBaseEntity)
      .findOneBy({ id, deleted_at: IsNull() });
    return base ? ((await this.counted([base]))[0] ?? null) : null;
  }

  async page(request: PageRequest): Promise<KnowledgeBaseView[]> {
    const rows = this.database
      .getRepository(KnowledgeBaseEntity)
      .createQueryBuilder('row')
      .where('row.deleted_at IS NULL');
    return this.counted(await newestFirst(rows, request).getMany());
  }

  /** Hides the base and its documents from now on; what they left is removed after. */
  async markDeleted(id: string): Promise<void> {
    await this.database.transaction(async (tx) => {
      await tx.update(KnowledgeBaseEntity, { id, deleted_at: IsNull() }, { deleted_at: () => 'now()' });
      await tx.update(
        KnowledgeDocumentEntity,
        { knowledge_base_id: id, deleted_at: IsNull() },
        { deleted_at: () => 'now()' },
      );
    });
  }

  /** For the time of the transaction no other adds to it or deletes it. @throws {ServiceError} `knowledge_base_not_found` */
  async lock(id: string, tx: EntityManager): Promise<void> {
    const base = await tx.findOne(KnowledgeBaseEntity, {
      where: { id, deleted_at: IsNull() },
      lock: { mode: 'pessimistic_write' },
    });
    if (!base) throw knowledgeBaseNotFound();
  }

  private async counted(bases: KnowledgeBaseEntity[]): Promise<KnowledgeBaseView[]> {
    if (bases.length === 0) return [];
    const counts = await this.database.query<{ id: string; documents: number }[]>(
      `SELECT knowledge_base_id AS id, count(*)::int AS documents FROM knowledge_documents
       WHERE knowledge_base_id = ANY($1) AND deleted_at IS NULL GROUP BY knowledge_base_id`,
      [bases.map(({ id }) => id)],
    );
    const found = new Map(counts.map(({ id, documents }) => [id, documents]));
    return bases.map((base) => ({ base, documents: found.get(base.id) ?? 0 }));
  }
}

export const knowledgeBaseNotFound = (): ServiceError =>
  new ServiceError('knowledge_base_not_found', 'Look the id up with GET /knowledge-bases.');
