import { once } from 'node:events';
import { access, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { connected } from '../backup/database.connection';
import {
  aDocumentFile,
  anInstallation,
  GATEWAY,
  type InstallationPlaces,
} from '../backup/installation.fixture';
import { type Environment, readConfig } from '../config';
import { exitCodes } from '../exit-codes';
import { TestTerminal } from '../test.terminal';
import { backup, restore } from './backup.commands';

const DOCUMENT = `INSERT INTO knowledge_documents VALUES ('doc_one', 'hash', 1); INSERT INTO knowledge_chunks VALUES ('one')`;

describe('a backup', () => {
  const made = ({ database, folder }: InstallationPlaces, env: Environment = {}): Promise<void> =>
    backup(readConfig({ DATABASE_URL: database.url, ...env }), new TestTerminal(), join(folder, 'out'));

  it('of tables that the role may not read is refused, naming them and what grants it', async () => {
    const installation = await anInstallation(`${GATEWAY}; INSERT INTO telegram.bots VALUES (42)`);
    const { database, query, folder } = installation;
    const role = `narrow_${database.name}`;
    await query(
      `CREATE ROLE ${role} LOGIN PASSWORD 'narrow'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}`,
    );
    onTestFinished(async () => {
      await query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    });
    const url = new URL(database.url);
    url.username = role;
    url.password = 'narrow';
    const refused = await made(installation, { DATABASE_URL: url.href }).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      exit_code: exitCodes.refused,
      message: expect.stringContaining('telegram.bots, telegram.migrations') as string,
    });
    expect(await readdir(join(folder, 'out'))).toEqual([]);
    const [, grant = ''] = /Have their owner run: (.*;)/.exec(String(refused)) ?? [];
    await query(grant);
    await made(installation, { DATABASE_URL: url.href });
    expect(await readFile(join(folder, 'out', 'database', 'telegram.bots.copy'), 'utf8')).toBe('42\n');
  });

  it('of documents is refused without the folder of their files, before anything is written', async () => {
    const installation = await anInstallation(DOCUMENT);
    await expect(made(installation)).rejects.toMatchObject({
      exit_code: exitCodes.invalid,
      message: expect.stringContaining('set KNOWLEDGE_DIR') as string,
    });
    const KNOWLEDGE_DIR = join(installation.folder, 'knowlege');
    await expect(made(installation, { KNOWLEDGE_DIR })).rejects.toMatchObject({
      exit_code: exitCodes.invalid,
      message: expect.stringContaining(`KNOWLEDGE_DIR (${KNOWLEDGE_DIR}) holds none`) as string,
    });
    expect(await readdir(join(installation.folder, 'out'))).toEqual([]);
    await aDocumentFile(KNOWLEDGE_DIR);
    await made(installation, { KNOWLEDGE_DIR });
  });

  it('of documents that are searched in Qdrant is refused without its address', async () => {
    const installation = await anInstallation(`INSERT INTO knowledge_documents VALUES ('doc_one', NULL, 1)`);
    await expect(made(installation)).rejects.toMatchObject({
      exit_code: exitCodes.invalid,
      message: expect.stringContaining('set QDRANT_URL') as string,
    });
  });

  it.each([
    [
      'fails where there are documents that are searched in it',
      `('doc_one', NULL, 1)`,
      /set QDRANT_COLLECTION/,
    ],
    ['is made where no document is published yet', `('doc_one', NULL, NULL)`, null],
  ])('of an installation whose collection is not there %s', async (_, document, refusal) => {
    const server = createServer((_request, response) => response.writeHead(404).end()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const QDRANT_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const made_it = made(await anInstallation(`INSERT INTO knowledge_documents VALUES ${document}`), {
      QDRANT_URL,
    });
    await (refusal ? expect(made_it).rejects.toThrow(refusal) : made_it);
  });

  it('without documents needs neither a folder nor a collection', async () => {
    const installation = await anInstallation();
    await made(installation, { KNOWLEDGE_DIR: join(installation.folder, 'none') });
    await access(join(installation.folder, 'out', 'roost-backup.json'));
  });

  it('waits for no lock and no statement for ever', async () => {
    const { database } = await anInstallation();
    const settings = await connected(database.url, (client) =>
      client.query(
        `SELECT name, setting::int > 0 AS set FROM pg_settings
          WHERE name IN ('lock_timeout', 'statement_timeout', 'idle_in_transaction_session_timeout') ORDER BY 1`,
      ),
    );
    expect(settings.rows).toEqual([
      { name: 'idle_in_transaction_session_timeout', set: true },
      { name: 'lock_timeout', set: true },
      { name: 'statement_timeout', set: true },
    ]);
  });
});

describe('a restore', () => {
  let folder: string;
  beforeEach(async () => {
    const from = await anInstallation(
      `${GATEWAY}; ${DOCUMENT}; INSERT INTO agents VALUES ('agent_one'); INSERT INTO token_usage (agent_id) VALUES ('agent_one')`,
    );
    folder = join(from.folder, 'out');
    const KNOWLEDGE_DIR = join(from.folder, 'knowledge');
    await aDocumentFile(KNOWLEDGE_DIR);
    await backup(readConfig({ DATABASE_URL: from.database.url, KNOWLEDGE_DIR }), new TestTerminal(), folder);
  });

  const restored = ({ database, folder: here }: InstallationPlaces, env: Environment = {}): Promise<void> =>
    restore(
      readConfig({ DATABASE_URL: database.url, KNOWLEDGE_DIR: join(here, 'knowledge'), ...env }),
      new TestTerminal(),
      folder,
    );

  it('names the migrations that the installation lacks, of the gateway as well, and what runs them', async () => {
    const to = await anInstallation();
    await expect(restored(to)).rejects.toMatchObject({
      exit_code: exitCodes.invalid,
      message: expect.stringMatching(
        /The schema telegram lacks migrations of the backup \(Bots1\); run first: .*telegram-gateway\/migrate\.js/,
      ) as string,
    });
    await to.query(GATEWAY);
    await to.query(`DELETE FROM migrations WHERE name = 'Usage2'`);
    await expect(restored(to)).rejects.toThrow(
      'The schema public lacks migrations of the backup (Usage2); run first: npm run migration:run',
    );
    await to.query(`INSERT INTO migrations VALUES ('Usage2', 2), ('Later3', 3)`);
    await expect(restored(to)).rejects.toThrow('The schema public is of a newer release');
  });

  it.each([
    ['public.token_usage', `INSERT INTO token_usage (agent_id) VALUES ('agent_gone')`],
    ['telegram.bots', 'INSERT INTO telegram.bots VALUES (42)'],
    ['public.agents', `INSERT INTO agents VALUES ('agent_two')`],
  ])('into an installation with rows in %s is refused, and leaves them', async (table, sql) => {
    const to = await anInstallation(`${GATEWAY}; ${sql}`);
    await expect(restored(to)).rejects.toMatchObject({
      exit_code: exitCodes.invalid,
      message: expect.stringContaining(`not empty: ${table} has rows`) as string,
    });
    expect(await to.query(`SELECT FROM ${table}`)).toHaveLength(1);
  });

  it('that failed outside of the database has changed nothing in it, and can be repeated', async () => {
    const to = await anInstallation(`${GATEWAY}; INSERT INTO api_keys VALUES ('key_bootstrap')`);
    const inTheWay = join(to.folder, 'a-file');
    await writeFile(inTheWay, '');
    await expect(restored(to, { KNOWLEDGE_DIR: inTheWay })).rejects.toThrow();
    expect(await to.query('SELECT FROM agents')).toEqual([]);
    expect(await to.query('SELECT id FROM api_keys')).toEqual([{ id: 'key_bootstrap' }]);
    await restored(to);
    expect(await to.query('SELECT id FROM agents')).toEqual([{ id: 'agent_one' }]);
    expect(await readFile(join(to.folder, 'knowledge/kb_one/doc_one/hash'), 'utf8')).toContain('seven');
    expect(await to.query(`INSERT INTO token_usage (agent_id) VALUES ('x') RETURNING id`)).toEqual([
      { id: '2' },
    ]);
  });
});
