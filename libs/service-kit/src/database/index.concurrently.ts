import type { QueryRunner } from 'typeorm';

/**
 * Builds an index while the table is written to, for a migration with `transaction = false`. It waits for whoever reads
 * or writes the table now, and nobody waits for it. What an earlier try left unfinished is made anew.
 * @param on table and columns, as in `"messages" ("thread_id")`
 */
export async function indexConcurrently(
  runner: QueryRunner,
  name: string,
  on: string,
  kind: '' | 'UNIQUE' = '',
): Promise<void> {
  // The waits are for transactions, not for locks that others queue behind.
  await runner.query('SET lock_timeout = 0');
  try {
    await runner.query(`DROP INDEX CONCURRENTLY IF EXISTS "${name}"`);
    await runner.query(`CREATE ${kind} INDEX CONCURRENTLY "${name}" ON ${on}`.replace('  ', ' '));
  } finally {
    await runner.query('RESET lock_timeout');
  }
}
