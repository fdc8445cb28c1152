import { sharedStack, type TestDatabase } from '@roost/devstack';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { onTestFinished } from 'vitest';

/** As much of the manager's schema as a backup looks at. */
const MANAGER = `
  CREATE TABLE migrations (name text, "timestamp" bigint);
  INSERT INTO migrations VALUES ('Initial1', 1), ('Usage2', 2);
  CREATE TABLE api_keys (id text PRIMARY KEY);
  CREATE TABLE agents (id text PRIMARY KEY);
  CREATE TABLE token_usage (id bigserial PRIMARY KEY, agent_id text);
  CREATE TABLE knowledge_documents (id text, content_hash text, published_revision integer, deleted_at timestamptz);
  CREATE TABLE knowledge_chunks (chunk_id text)`;

export const GATEWAY = `
  CREATE SCHEMA telegram;
  CREATE TABLE telegram.migrations (name text, "timestamp" bigint);
  INSERT INTO telegram.migrations VALUES ('Bots1', 1);
  CREATE TABLE telegram.bots (bot_id bigint PRIMARY KEY)`;

export interface InstallationPlaces {
  database: TestDatabase;
  folder: string;
  query(sql: string): Promise<object[]>;
}

/** A migrated database with what `sql` adds, and a folder; both end with the test. */
export async function anInstallation(sql = 'SELECT'): Promise<InstallationPlaces> {
  const folder = await mkdtemp(join(tmpdir(), 'backup-'));
  const database = await (await sharedStack()).createDatabase('backup');
  onTestFinished(async () => {
    await database.drop();
    await rm(folder, { recursive: true });
  });
  const query = async (text: string): Promise<object[]> => {
    const client = new Client({ connectionString: database.url, connectionTimeoutMillis: 10_000 });
    await client.connect();
    try {
      return (await client.query<object>(text)).rows;
    } finally {
      await client.end();
    }
  };
  await query(MANAGER);
  await query(sql);
  return { database, folder, query };
}

export async function aDocumentFile(knowledge: string): Promise<void> {
  await mkdir(join(knowledge, 'kb_one', 'doc_one'), { recursive: true });
  await writeFile(join(knowledge, 'kb_one', 'doc_one', 'hash'), 'We open at seven.');
}
