import { Client, escapeIdentifier, escapeLiteral } from 'pg';
import { SCHEMA } from './data-source';

/**
 * Brings about the role that the gateway uses, and the one schema it sees: its own. What is there already is kept,
 * and the role gets the password that `url` names.
 * @throws {Error} when `url` names no user or password, or `admin_url` may not create roles.
 */
export async function prepareRole(admin_url: string, url: string): Promise<void> {
  const { username, password } = new URL(url);
  const role = decodeURIComponent(username);
  if (role === '' || password === '')
    throw new Error('DATABASE_URL must name the role of the gateway and its password');
  if (role === decodeURIComponent(new URL(admin_url).username))
    throw new Error('DATABASE_URL must name a role of its own, not the one of ADMIN_DATABASE_URL');
  const name = escapeIdentifier(role);
  const client = new Client({ connectionString: admin_url, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
    const login = `LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD ${escapeLiteral(decodeURIComponent(password))}`;
    await client.query(`${rowCount ? 'ALTER' : 'CREATE'} ROLE ${name} ${login}`);
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${SCHEMA} AUTHORIZATION ${name}`);
    await client.query(`ALTER ROLE ${name} SET search_path = ${SCHEMA}`);
  } finally {
    await client.end();
  }
}
