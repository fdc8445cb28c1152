import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import { LOGGER } from '../../logging';
import { DOCUMENT_FILES, type DocumentFiles } from '../files/document.files';
import { KNOWLEDGE_STORE, type KnowledgeStore } from '../store/knowledge.store';

/** Milliseconds one removal may take. */
const REMOVAL_MS = 10_000;

interface Deleted {
  id: string;
  knowledge_base_id: string;
  /** Somebody still works on it, and may still put chunks. */
  busy: boolean;
}

/** Removes what deleted documents and bases left. Their rows go last, so that nothing is forgotten half removed. */
@Injectable()
export class KnowledgeRemoval {
  constructor(
    @InjectDataSource() private readonly database: DataSource,
    @Inject(KNOWLEDGE_STORE) private readonly store: KnowledgeStore,
    @Inject(DOCUMENT_FILES) private readonly files: DocumentFiles,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** At once if that is possible; what is not is done by {@link removeDeleted}. */
  async removeSoon(which: { document_id: string } | { knowledge_base_id: string }): Promise<void> {
    try {
      if ('document_id' in which) await this.documents(await this.deleted([which.document_id]));
      else await this.base(which.knowledge_base_id);
    } catch (error) {
      this.logger.warn({ err: error, ...which }, 'what was deleted is hidden, and will be removed later');
    }
  }

  /** Everything that is marked as deleted, some at a time. */
  async removeDeleted(): Promise<void> {
    const bases = await this.database.query<{ id: string }[]>(
      'SELECT id FROM knowledge_bases WHERE deleted_at IS NOT NULL LIMIT 20',
    );
    for (const { id } of bases) await this.base(id);
    await this.documents(await this.deleted(null));
  }

  private async documents(documents: Deleted[]): Promise<void> {
    for (const { id, knowledge_base_id, busy } of documents) {
      await this.store.removeDocument(id, AbortSignal.timeout(REMOVAL_MS));
      if (busy) continue;
      await this.files.removeDocument({ knowledge_base_id, document_id: id });
      await this.database.query(
        'DELETE FROM knowledge_documents WHERE id = $1 AND deleted_at IS NOT NULL AND (worker IS NULL OR lease_until < now())',
        [id],
      );
    }
  }

  private async base(id: string): Promise<void> {
    const [found] = await this.database.query<{ busy: boolean }[]>(
      `SELECT EXISTS (SELECT FROM knowledge_documents d WHERE d.knowledge_base_id = b.id AND d.worker IS NOT NULL
                      AND d.lease_until >= now()) AS busy
       FROM knowledge_bases b WHERE b.id = $1 AND b.deleted_at IS NOT NULL`,
      [id],
    );
    if (!found) return;
    await this.store.removeKnowledgeBase(id, AbortSignal.timeout(REMOVAL_MS));
    if (found.busy) return;
    await this.files.removeKnowledgeBase(id);
    await this.database.query('DELETE FROM knowledge_bases WHERE id = $1 AND deleted_at IS NOT NULL', [id]);
  }

  /** Those of bases that are deleted go with their base. */
  private deleted(ids: string[] | null): Promise<Deleted[]> {
    return this.database.query<Deleted[]>(
      `SELECT d.id, d.knowledge_base_id, coalesce(d.worker IS NOT NULL AND d.lease_until >= now(), false) AS busy
       FROM knowledge_documents d JOIN knowledge_bases b ON b.id = d.knowledge_base_id
       WHERE d.deleted_at IS NOT NULL AND b.deleted_at IS NULL AND ($1::text[] IS NULL OR d.id = ANY($1))
       ORDER BY d.deleted_at LIMIT 100`,
      [ids],
    );
  }
}
