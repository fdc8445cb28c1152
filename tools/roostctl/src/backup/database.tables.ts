import type { Client } from 'pg';
import { CommandError, exitCodes } from '../exit-codes';

export interface Table {
  /** Quoted, with its schema. */
  name: string;
  columns: string[];
}

/** The manager's schema, and the gateway's. Jobs (`pgboss`) are not kept: a manager makes those that are missing. */
const SCHEMAS = ['public', 'telegram'];
/** What holds for a moment only, and is found anew. */
const OF_THE_MOMENT = ['leases', 'pool_instances', 'idempotency_keys'];

/** The tables that are kept, each after those it refers to. */
export async function keptTables(client: Client): Promise<Table[]> {
  const { rows } = await client.query<Table & { oid: string; refers_to: string[] }>(
    `SELECT c.oid::text, format('%I.%I', n.nspname, c.relname) AS name,
            array(SELECT format('%I', a.attname) FROM pg_attribute a
                   WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
                   ORDER BY a.attnum) AS columns,
            array(SELECT DISTINCT f.confrelid::text FROM pg_constraint f
                   WHERE f.conrelid = c.oid AND f.contype = 'f' AND f.confrelid <> c.oid) AS refers_to
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = ANY($1) AND c.relkind = 'r' AND c.relname NOT LIKE '%migrations' AND c.relname <> ALL($2)
      ORDER BY 2`,
    [SCHEMAS, OF_THE_MOMENT],
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

/** The migrations that were applied, by schema, in their order. */
export async function migrationsOf(client: Client): Promise<Record<string, string[]>> {
  const applied: Record<string, string[]> = {};
  for (const schema of SCHEMAS) {
    const table = `${schema}.migrations`;
    const { rowCount } = await client.query('SELECT WHERE to_regclass($1) IS NOT NULL', [table]);
    if (!rowCount) continue;
    const { rows } = await client.query<{ name: string }>(`SELECT name FROM ${table} ORDER BY "timestamp"`);
    applied[schema] = rows.map(({ name }) => name);
  }
  return applied;
}

/** @throws {CommandError} naming the tables for which the role lacks a privilege, and what grants it. */
export async function checkPrivileges(client: Client, privileges: readonly string[]): Promise<void> {
  const { rows } = await client.query<{ schema: string; tables: string; role: string }>(
    `SELECT format('%I', n.nspname) AS schema, format('%I', current_user) AS role,
            string_agg(format('%I.%I', n.nspname, c.relname), ', ' ORDER BY c.relname) AS tables
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = ANY($1) AND c.relkind = 'r' AND c.relname <> ALL($2)
        AND NOT (has_schema_privilege(n.oid, 'USAGE')
                 AND (SELECT bool_and(has_table_privilege(c.oid, privilege)) FROM unnest($3::text[]) privilege))
      GROUP BY n.nspname ORDER BY 1`,
    [SCHEMAS, OF_THE_MOMENT, privileges],
  );
  if (rows.length === 0) return;
  const problems = rows.map(({ schema, tables, role }) => {
    const grant = `GRANT USAGE ON SCHEMA ${schema} TO ${role}; GRANT ${privileges.join(', ')} ON ALL TABLES IN SCHEMA ${schema} TO ${role};`;
    return `The role ${role} lacks rights (${privileges.join(', ')}) on ${tables}. Have their owner run: ${grant}`;
  });
  throw new CommandError(
    `${problems.join('\n')}\nOr name a role that has them in DATABASE_URL or --database-url.`,
    exitCodes.refused,
  );
}
