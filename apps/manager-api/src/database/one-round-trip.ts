import type { Pool, QueryResult, QueryResultRow } from 'pg';
import type { DataSource } from 'typeorm';

/**
 * Runs statements in one transaction and one round trip, and gives the rows of the last. Each sees what was committed
 * before it began, so that one after a lock sees what was done under it. The protocol allows no parameters then: what
 * stands in the text must be our own.
 */
export async function inOneRoundTrip<Row extends QueryResultRow>(
  database: DataSource,
  statements: string[],
): Promise<Row[]> {
  const { master: pool } = database.driver as unknown as { master: Pool };
  const results = (await pool.query<Row>(statements.join(';\n'))) as unknown as QueryResult<Row>[];
  return results.at(-1)?.rows ?? [];
}
