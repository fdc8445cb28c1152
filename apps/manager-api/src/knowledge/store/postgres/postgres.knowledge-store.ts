import { type RetrievedChunk, ServiceError } from '@roost/contracts';
import type { PoolClient } from 'pg';
import { DataSource } from 'typeorm';
import { candidatesFor, fuse, type Ranked } from '../fusion/reciprocal.rank';
import type { EmbeddedChunk, KnowledgeStore, StoreQuery, VectorSpace } from '../knowledge.store';
import { checkLength, checkSpace } from '../vector-space.check';
import { bm25Search } from './bm25.search';
import { insertOf, ROWS_PER_INSERT } from './chunk.rows';
import { exactSearch } from './exact.search';
import { inSnapshot } from './snapshot';
import { KnowledgeChunkEntity } from './knowledge-chunk.entity';
import { KnowledgeCollectionEntity } from './knowledge-collection.entity';

/** The one collection there is. */
const COLLECTION = 'postgres';

/** Chunks a knowledge base may have here: a search reads every vector. ADR 20 says what that costs. */
export const CHUNKS_PER_BASE_MAX = 10_000;

/** Chunks in PostgreSQL: BM25 by an inverted index, and vectors compared one by one. */
export class PostgresKnowledgeStore implements KnowledgeStore {
  constructor(
    private readonly database: DataSource,
    private readonly chunks_max = CHUNKS_PER_BASE_MAX,
  ) {}

  async prepare(space: VectorSpace): Promise<void> {
    await this.database.transaction(async (tx) => {
      // An empty collection takes any model.
      await tx.query(
        `DELETE FROM knowledge_collections WHERE name = $1 AND (model, dimensions) <> ($2, $3)
         AND NOT EXISTS (SELECT 1 FROM knowledge_chunks)`,
        [COLLECTION, space.model, space.dimensions],
      );
      const row = { name: COLLECTION, ...space };
      await tx.createQueryBuilder().insert().into(KnowledgeCollectionEntity).values(row).orIgnore().execute();
      const held = await tx.findOneByOrFail(KnowledgeCollectionEntity, { name: COLLECTION });
      checkSpace(
        COLLECTION,
        held,
        space,
        'delete all knowledge bases, or set QDRANT_URL, and add the documents to new ones',
      );
    });
  }

  async put(given: EmbeddedChunk[]): Promise<void> {
    try {
      await this.insert(given);
    } catch (error) {
      if (error instanceof ServiceError && error.code === 'knowledge_base_full') await this.makeRoom(given);
      throw error;
    }
  }

  /** What was put of documents that do not fit would be counted against the next. */
  private async makeRoom(given: EmbeddedChunk[]): Promise<void> {
    await this.database.query('DELETE FROM knowledge_chunks WHERE document_id = ANY($1) AND NOT published', [
      [...new Set(given.map(({ document_id }) => document_id))],
    ]);
  }

  private async insert(given: EmbeddedChunk[]): Promise<void> {
    const chunks = [...new Map(given.map((chunk) => [chunk.chunk_id, chunk])).values()];
    await this.database.transaction(async (tx) => {
      const held = await tx.findOneBy(KnowledgeCollectionEntity, { name: COLLECTION });
      if (!held) throw new Error('prepare() comes before put()');
      for (const { vector } of chunks) checkLength(COLLECTION, held.dimensions, vector);
      for (let from = 0; from < chunks.length; from += ROWS_PER_INSERT)
        await tx.query(...insertOf(chunks.slice(from, from + ROWS_PER_INSERT)));
      for (const id of new Set(chunks.map(({ knowledge_base_id }) => knowledge_base_id))) {
        // What awaits its publication will take the place of what is published of the same document.
        const [counted] = await tx.query<{ count: number }[]>(
          `SELECT count(*)::integer AS count FROM knowledge_chunks c WHERE knowledge_base_id = $1 AND NOT (published
           AND document_id IN (SELECT document_id FROM knowledge_chunks WHERE knowledge_base_id = $1 AND NOT published))`,
          [id],
        );
        if (counted && counted.count > this.chunks_max) throw isFull(id, this.chunks_max);
      }
    });
  }

  async publish(document_id: string, revision: number): Promise<void> {
    await this.database.transaction(async (tx) => {
      await tx.query(
        `UPDATE knowledge_chunks SET published = true WHERE document_id = $1 AND revision = $2 AND NOT published
         AND NOT EXISTS (SELECT 1 FROM knowledge_chunks WHERE document_id = $1 AND published AND revision > $2)`,
        [document_id, revision],
      );
      await tx.query('DELETE FROM knowledge_chunks WHERE document_id = $1 AND revision < $2', [
        document_id,
        revision,
      ]);
    });
  }

  async removeDocument(document_id: string): Promise<void> {
    await this.database.getRepository(KnowledgeChunkEntity).delete({ document_id });
  }

  async removeKnowledgeBase(knowledge_base_id: string): Promise<void> {
    await this.database.getRepository(KnowledgeChunkEntity).delete({ knowledge_base_id });
  }

  async search(query: StoreQuery, signal: AbortSignal): Promise<RetrievedChunk[]> {
    signal.throwIfAborted();
    return inSnapshot(this.database, async (client) => withTexts(client, await rank(client, query, signal)));
  }
}

async function rank(client: PoolClient, query: StoreQuery, signal: AbortSignal): Promise<Ranked[]> {
  const { mode, limit, vector } = query;
  switch (mode) {
    case 'keyword':
      return bm25Search(client, query, limit);
    case 'dense':
      return exactSearch(client, query, given(vector), limit, signal);
    case 'hybrid': {
      const candidates = candidatesFor(limit);
      const dense = await exactSearch(client, query, given(vector), candidates, signal);
      return fuse([dense, await bm25Search(client, query, candidates)], limit);
    }
  }
}

async function withTexts(client: PoolClient, ranking: Ranked[]): Promise<RetrievedChunk[]> {
  const { rows } = await client.query<Omit<RetrievedChunk, 'score'>>(
    `SELECT knowledge_base_id, document_id, title, chunk_id, position, text, source_url
     FROM knowledge_chunks WHERE chunk_id = ANY($1)`,
    [ranking.map(({ chunk_id }) => chunk_id)],
  );
  const found = new Map(rows.map((row) => [row.chunk_id, row]));
  return ranking.flatMap(({ chunk_id, score }) => {
    const chunk = found.get(chunk_id);
    return chunk ? [{ ...chunk, score }] : [];
  });
}

function given(vector: number[] | null): number[] {
  if (!vector) throw new Error('a search by meaning needs a vector');
  return vector;
}

const isFull = (id: string, max: number): ServiceError =>
  new ServiceError(
    'knowledge_base_full',
    `The knowledge base ${id} would hold more than ${max} pieces, which is what a search in PostgreSQL can read in ` +
      'time. Split it, or set QDRANT_URL and add the documents to a new one.',
  );
