import { cp, mkdir, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { backUpDatabase, type Elsewhere, restoreDatabase } from '../backup/database.backup';
import { copyFiles, filesIn } from '../backup/folder.copy';
import { readManifest, writeManifest } from '../backup/manifest';
import { backUpQdrant, type QdrantPlace, restoreQdrant } from '../backup/qdrant.snapshot';
import type { RoostctlConfig } from '../config';
import { CommandError, exitCodes } from '../exit-codes';
import type { Terminal } from '../terminal';

const SNAPSHOT = 'qdrant.snapshot';
const KNOWLEDGE = 'knowledge';
/** Uploads that are still arriving. */
const ARRIVING = 'incoming';

/** Writes database and knowledge into a new folder. */
export async function backup(config: RoostctlConfig, terminal: Terminal, out: string): Promise<void> {
  const url = databaseUrl(config);
  const folder = resolve(out);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if ((await readdir(folder)).length > 0) throw usage(`${folder} is not empty; name a new folder.`);
  const files = config.KNOWLEDGE_DIR;
  const knowledge_files = files !== undefined && (await filesIn(files, ARRIVING)).length > 0;
  const place = qdrantOf(config);
  // The database first: a document it knows has its file by then, and what comes later is not known to it.
  const { elsewhere, ...database } = await backUpDatabase(url, folder, (found) =>
    checkPlaces(found, config, knowledge_files),
  );
  if (knowledge_files) await copyFiles(files, join(folder, KNOWLEDGE), await filesIn(files, ARRIVING));
  const snapshot = place !== null && (await backUpQdrant(place, join(folder, SNAPSHOT)));
  if (elsewhere.vectors && !snapshot)
    throw new CommandError(
      `Qdrant has no collection ${config.QDRANT_COLLECTION}: set QDRANT_COLLECTION, as the manager has it.`,
    );
  const qdrant = snapshot ? SNAPSHOT : null;
  await writeManifest(folder, {
    format: 2,
    made_at: new Date().toISOString(),
    ...database,
    knowledge_files,
    qdrant,
  });
  const rows = database.tables.reduce((sum, table) => sum + table.rows, 0);
  terminal.out(`${folder}: ${database.tables.length} tables, ${rows} rows\n`);
  terminal.out(`knowledge files: ${knowledge_files ? 'copied' : 'none'}\n`);
  terminal.out(`Qdrant: ${snapshot ? 'snapshot' : 'none'}\n`);
  terminal.out('Keep SECRETS_KEY as well: without it the secrets in it cannot be read.\n');
}

/** Fills an empty installation whose schema is that of the backup; its managers are to be stopped meanwhile. */
export async function restore(config: RoostctlConfig, terminal: Terminal, from: string): Promise<void> {
  const url = databaseUrl(config);
  const folder = resolve(from);
  const manifest = await readManifest(folder);
  const files = config.KNOWLEDGE_DIR;
  const place = qdrantOf(config);
  if (manifest.knowledge_files && files === undefined)
    throw usage('The backup has knowledge files: set KNOWLEDGE_DIR or --knowledge-dir.');
  if (manifest.qdrant !== null && !place) throw usage('The backup has a snapshot of Qdrant: set QDRANT_URL.');
  await restoreDatabase(url, folder, manifest, async () => {
    if (manifest.knowledge_files && files !== undefined)
      await cp(join(folder, KNOWLEDGE), files, { recursive: true });
    if (manifest.qdrant !== null && place) await restoreQdrant(place, join(folder, manifest.qdrant));
  });
  terminal.out(`restored what was backed up at ${manifest.made_at}\n`);
  terminal.out(
    'Before the managers start, empty Redis (FLUSHALL) and restart it: it knows what is not there any more.\n',
  );
}

/** A backup without what its rows refer to would be none. */
function checkPlaces(
  { files, vectors }: Elsewhere,
  { KNOWLEDGE_DIR, QDRANT_URL }: RoostctlConfig,
  isThere: boolean,
): void {
  if (files && KNOWLEDGE_DIR === undefined)
    throw usage('There are documents: set KNOWLEDGE_DIR or --knowledge-dir, as the manager has it.');
  if (files && !isThere)
    throw usage(
      `There are documents, and KNOWLEDGE_DIR (${KNOWLEDGE_DIR ?? ''}) holds none: set it as the manager has it.`,
    );
  if (vectors && QDRANT_URL === undefined)
    throw usage('The documents are searched in Qdrant: set QDRANT_URL, as the manager has it.');
}

function databaseUrl({ DATABASE_URL }: RoostctlConfig): string {
  if (DATABASE_URL !== undefined) return DATABASE_URL;
  throw usage('Set DATABASE_URL or --database-url, as the manager has it.');
}

const usage = (message: string): CommandError => new CommandError(message, exitCodes.invalid);

const qdrantOf = ({ QDRANT_URL, QDRANT_API_KEY, QDRANT_COLLECTION }: RoostctlConfig): QdrantPlace | null =>
  QDRANT_URL === undefined
    ? null
    : { url: QDRANT_URL, api_key: QDRANT_API_KEY, collection: QDRANT_COLLECTION };
