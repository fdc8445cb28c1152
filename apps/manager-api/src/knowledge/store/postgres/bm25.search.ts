import type { PoolClient } from 'pg';
import type { Ranked } from '../fusion/reciprocal.rank';
import type { StoreQuery } from '../knowledge.store';
import { BM25 } from '../sparse/bm25';
import { queryTermIds } from '../sparse/term-counts';
import { signed } from './chunk.rows';

const { k1, b } = BM25;

/**
 * BM25 over the published chunks of the bases asked for; see {@link BM25} for the formula. All statistics are those of
 * the moment: nothing is counted ahead that could drift. The filter chooses among the chunks and does not change what
 * a word weighs.
 */
const SEARCH = `
  WITH corpus AS (
    SELECT count(*)::float8 AS n, greatest(avg(length), 1)::float8 AS average
    FROM knowledge_chunks WHERE knowledge_base_id = ANY($1) AND published
  ), hits AS (
    SELECT c.chunk_id, c.length, c.metadata, q.term,
           c.frequencies[array_position(c.terms, q.term)]::float8 AS tf
    FROM unnest($2::integer[]) AS q(term) JOIN knowledge_chunks c ON c.terms @> ARRAY[q.term]
    WHERE c.knowledge_base_id = ANY($1) AND c.published
  ), frequent AS (
    SELECT term, count(*)::float8 AS df FROM hits GROUP BY term
  )
  SELECT hits.chunk_id, sum(
    ln(1 + (n - df + 0.5) / (df + 0.5)) * tf * ${k1 + 1} / (tf + ${k1} * (${1 - b} + ${b} * length / average))
  )::float8 AS score
  FROM hits JOIN frequent USING (term) CROSS JOIN corpus
  WHERE metadata @> $3::jsonb
  GROUP BY hits.chunk_id ORDER BY score DESC, hits.chunk_id LIMIT $4`;

export async function bm25Search(
  client: PoolClient,
  { knowledge_base_ids, text, filter }: StoreQuery,
  limit: number,
): Promise<Ranked[]> {
  const terms = queryTermIds(text).map(signed);
  if (terms.length === 0) return [];
  const values = [knowledge_base_ids, terms, JSON.stringify(filter), limit];
  return (await client.query<Ranked>(SEARCH, values)).rows;
}
