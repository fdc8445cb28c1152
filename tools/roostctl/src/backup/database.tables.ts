import type { Client } from 'pg';

export interface Table {
  /** Quoted, with its schema. */
  name: string;
  columns: string[];
}

/** What holds for a moment only, and is found anew. */
const OF_THE_MOMENT = ['leases', 'pool_instances', 'idempotency_keys'];

/**
 * The tables that are kept, each after those it refers to. Jobs (`pgboss`) are not among them: a manager makes those
 * that are missing. Tables of the gateway are, where the role may read them.
 */
export async function keptTables(client: Client): Promise<Table[]> {
  const { rows } = await client.query<Table & { oid: string; refers_to: string[] }>(
    `SELECT c.oid::text, format('%I.%I', n.nspname, c.relname) AS name,
            array(SELECT format('%I', a.attname) FROM pg_attribute a
                   WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
                   ORDER BY a.attnum) AS columns,
            array(SELECT DISTINCT f.confrelid::text FROM pg_constraint f
                   WHERE f.conrelid = c.oid AND f.contype = 'f' AND f.confrelid <> c.oid) AS refers_to
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname IN ('public', 'telegram') AND c.relkind = 'r' AND c.relname NOT LIKE '%migrations'
        AND c.relname <> ALL($1) AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
      ORDER BY 2`,
    [OF_THE_MOMENT],
  );
  const ordered: Table[] = [];
  const placed = new Set<string>();
  const kept = new Set(rows.map(({ oid }) => oid));
  while (ordered.length < rows.length) {
    const next = rows.filter(
      ({ oid, refers_to }) =>
        !placed.has(oid) && refers_to.every((other) => placed.has(other) || !kept.has(other)),
    );
    if (next.length === 0) throw new Error('tables refer to each other in a circle');
    for (const { oid, name, columns } of next) {
      placed.add(oid);
      ordered.push({ name, columns });
    }
  }
  return ordered;
}

export async function migrationsOf(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>('SELECT name FROM migrations ORDER BY "timestamp"');
  return rows.map(({ name }) => name);
}
