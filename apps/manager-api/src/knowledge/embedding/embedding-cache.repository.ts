import { DataSource } from 'typeorm';
import { fromBytes, toBytes } from '../store/vector.bytes';

/** Rows that stay; at 1,536 dimensions some 6 KB each. */
const ROWS_MAX = 100_000;
const DAYS_MAX = 30;
const ROWS_PER_PRUNING = 20_000;

/** Vectors by the hash of what they were made of. */
export class EmbeddingCacheRepository {
  constructor(
    private readonly database: DataSource,
    private readonly rows_max = ROWS_MAX,
  ) {}

  /** By key, in hexadecimal; a use is noted at most once an hour. */
  async get(keys: Buffer[]): Promise<Map<string, number[]>> {
    const rows = await this.database.query<{ key: Buffer; vector: Buffer }[]>(
      'SELECT key, vector FROM embedding_cache WHERE key = ANY($1)',
      [keys],
    );
    if (rows.length > 0)
      await this.database.query(
        `UPDATE embedding_cache SET used_at = now() WHERE key = ANY($1) AND used_at < now() - interval '1 hour'`,
        [rows.map(({ key }) => key)],
      );
    return new Map(rows.map(({ key, vector }) => [key.toString('hex'), fromBytes(vector)]));
  }

  async put(entries: { key: Buffer; vector: number[] }[]): Promise<void> {
    await this.database.query(
      `INSERT INTO embedding_cache (key, vector) SELECT * FROM unnest($1::bytea[], $2::bytea[])
       ON CONFLICT (key) DO UPDATE SET used_at = now()`,
      [entries.map(({ key }) => key), entries.map(({ vector }) => toBytes(vector))],
    );
  }

  /** Forgets what was not used for a month, and beyond the bound what was not used for longest. */
  async prune(): Promise<void> {
    await this.database.query(
      `DELETE FROM embedding_cache WHERE key IN (
         SELECT key FROM embedding_cache WHERE used_at < now() - make_interval(days => $1)
         ORDER BY used_at LIMIT $2)`,
      [DAYS_MAX, ROWS_PER_PRUNING],
    );
    await this.database.query(
      `DELETE FROM embedding_cache WHERE key IN (
         SELECT key FROM embedding_cache ORDER BY used_at DESC OFFSET $1 LIMIT $2)`,
      [this.rows_max, ROWS_PER_PRUNING],
    );
  }
}
