import type { Pool, PoolClient } from 'pg';
import type { DataSource } from 'typeorm';

/** Reads in one snapshot: several statements see the same revisions, whatever is published meanwhile. */
export async function inSnapshot<Result>(
  database: DataSource,
  read: (client: PoolClient) => Promise<Result>,
): Promise<Result> {
  const { master: pool } = database.driver as unknown as { master: Pool };
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    return await read(client);
  } finally {
    await client.query('ROLLBACK').catch((error: unknown) => {
      broken = error instanceof Error ? error : new Error(String(error));
    });
    client.release(broken);
  }
}
