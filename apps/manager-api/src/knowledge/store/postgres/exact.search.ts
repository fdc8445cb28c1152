import type { PoolClient } from 'pg';
import type { Ranked } from '../fusion/reciprocal.rank';
import type { StoreQuery } from '../knowledge.store';
import { checkLength } from '../vector-space.check';
import { normalized } from '../vector.bytes';
import { NearestChunks } from './nearest.chunks';

/** Rows fetched at once: what a search holds in memory at most, some 6 MB. */
const ROWS = 500;

const DECLARE = `DECLARE vectors NO SCROLL CURSOR FOR
  SELECT chunk_id, embedding FROM knowledge_chunks
  WHERE knowledge_base_id = ANY($1) AND published AND metadata @> $2::jsonb`;

/** The cosine of every vector, by reading all of them. */
export async function exactSearch(
  client: PoolClient,
  { knowledge_base_ids, filter }: StoreQuery,
  vector: readonly number[],
  limit: number,
  signal: AbortSignal,
): Promise<Ranked[]> {
  const nearest = new NearestChunks(normalized(vector), limit);
  await client.query(DECLARE, [knowledge_base_ids, JSON.stringify(filter)]);
  for (;;) {
    signal.throwIfAborted();
    const { rows } = await client.query<{ chunk_id: string; embedding: Buffer }>(
      `FETCH ${ROWS} FROM vectors`,
    );
    for (const { chunk_id, embedding } of rows) {
      checkLength('in PostgreSQL', embedding.length / 4, vector);
      nearest.offer(chunk_id, embedding);
    }
    if (rows.length < ROWS) break;
  }
  await client.query('CLOSE vectors');
  return nearest.ranking();
}
