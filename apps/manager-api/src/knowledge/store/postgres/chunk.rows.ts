import type { EmbeddedChunk } from '../knowledge.store';
import { indexedText, termCountsOf } from '../sparse/term-counts';
import { normalized, toBytes } from '../vector.bytes';

/** PostgreSQL's `integer` has a sign; the bits are the same. */
export const signed = (term: number): number => term | 0;

const SMALLINT_MAX = 32_767;

/** A statement may have 65,535 parameters. */
export const ROWS_PER_INSERT = 200;

/** Column and type of each value of {@link valuesOf}. */
const columns: [name: string, type: string][] = [
  ['chunk_id', 'uuid'],
  ['knowledge_base_id', 'text'],
  ['document_id', 'text'],
  ['revision', 'integer'],
  ['position', 'integer'],
  ['title', 'text'],
  ['text', 'text'],
  ['source_url', 'text'],
  ['metadata', 'jsonb'],
  ['embedding', 'bytea'],
  ['terms', 'integer[]'],
  ['frequencies', 'smallint[]'],
  ['length', 'integer'],
];
const names = columns.map(([name]) => name).join(', ');
const contents = ['title', 'text', 'source_url', 'metadata', 'embedding', 'terms', 'frequencies', 'length'];

/** Inserts chunks, unpublished; those that are there keep whether they are published. */
export function insertOf(chunks: EmbeddedChunk[]): [statement: string, values: unknown[]] {
  const rows = chunks.map(
    (_chunk, row) =>
      `(${columns.map(([, type], column) => `$${row * columns.length + column + 1}::${type}`).join(', ')})`,
  );
  return [
    // A late put of a revision that a newer one has replaced would never be removed again.
    `INSERT INTO knowledge_chunks (${names})
     SELECT ${names} FROM (VALUES ${rows.join(', ')}) AS given (${names}) WHERE NOT EXISTS
       (SELECT 1 FROM knowledge_chunks c
        WHERE c.document_id = given.document_id AND c.published AND c.revision > given.revision)
     ON CONFLICT (chunk_id) DO UPDATE SET ${contents.map((name) => `${name} = excluded.${name}`).join(', ')}`,
    chunks.flatMap(valuesOf),
  ];
}

function valuesOf({ vector, ...chunk }: EmbeddedChunk): unknown[] {
  const { counts, length } = termCountsOf(indexedText(chunk));
  return [
    chunk.chunk_id,
    chunk.knowledge_base_id,
    chunk.document_id,
    chunk.revision,
    chunk.position,
    chunk.title,
    chunk.text,
    chunk.source_url,
    JSON.stringify(chunk.metadata),
    toBytes(normalized(vector)),
    [...counts.keys()].map(signed),
    [...counts.values()].map((count) => Math.min(count, SMALLINT_MAX)),
    length,
  ];
}
