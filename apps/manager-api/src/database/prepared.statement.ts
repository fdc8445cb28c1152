import type { Pool, QueryResultRow } from 'pg';
import type { DataSource } from 'typeorm';

/**
 * A statement on the path of every message: PostgreSQL parses and plans it once a connection instead of each time,
 * which TypeORM cannot ask for. Its errors are pg's own.
 */
export class PreparedStatement<Row extends QueryResultRow = QueryResultRow> {
  constructor(
    /** Unique among prepared statements. */
    private readonly name: string,
    private readonly text: string,
  ) {}

  async run(database: DataSource, values: unknown[]): Promise<Row[]> {
    const { master: pool } = database.driver as unknown as { master: Pool };
    return (await pool.query<Row>({ name: this.name, text: this.text, values })).rows;
  }
}
