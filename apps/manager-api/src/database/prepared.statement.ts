import type { Pool, QueryResultRow } from 'pg';
import type { DataSource } from 'typeorm';

/**
 * A statement on the path of every message: PostgreSQL parses and plans it once a connection instead of each time,
 * which TypeORM cannot ask for. Its errors are pg's own. It names its columns: the plan of one that ends in `*` breaks
 * when a migration adds a column beside a manager that runs.
 */
export class PreparedStatement<Row extends QueryResultRow = QueryResultRow> {
  constructor(
    /** Unique among prepared statements. */
    private readonly name: string,
    private readonly text: string,
  ) {
    if (/\b(RETURNING|SELECT)\s+(\w+\.)?\*/i.test(text))
      throw new Error(`The prepared statement ${name} must name its columns instead of *.`);
  }

  async run(database: DataSource, values: unknown[]): Promise<Row[]> {
    const { master: pool } = database.driver as unknown as { master: Pool };
    return (await pool.query<Row>({ name: this.name, text: this.text, values })).rows;
  }
}
