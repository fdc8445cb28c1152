import { cp, mkdir, readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { backUpDatabase, restoreDatabase } from '../backup/database.backup';
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
  if ((await readdir(folder)).length > 0)
    throw new CommandError(`${folder} is not empty; name a new folder.`, exitCodes.invalid);
  // The database first: a document it knows has its file by then, and what comes later is not known to it.
  const database = await backUpDatabase(url, folder);
  const files = config.KNOWLEDGE_DIR;
  const knowledge_files = files !== undefined && (await isFolder(files));
  if (knowledge_files)
    await cp(files, join(folder, KNOWLEDGE), {
      recursive: true,
      filter: (path) => basename(path) !== ARRIVING,
    });
  const place = qdrantOf(config);
  if (place) await backUpQdrant(place, join(folder, SNAPSHOT));
  const qdrant = place ? SNAPSHOT : null;
  await writeManifest(folder, {
    format: 1,
    made_at: new Date().toISOString(),
    ...database,
    knowledge_files,
    qdrant,
  });
  const rows = database.tables.reduce((sum, table) => sum + table.rows, 0);
  terminal.out(`${folder}: ${database.tables.length} tables, ${rows} rows\n`);
  terminal.out(`knowledge files: ${knowledge_files ? 'copied' : 'none (KNOWLEDGE_DIR)'}\n`);
  terminal.out(`Qdrant: ${place ? 'snapshot' : 'none (QDRANT_URL)'}\n`);
  terminal.out('Keep SECRETS_KEY as well: without it the secrets in it cannot be read.\n');
}

/** Fills an empty installation whose schema is that of the backup; its managers are to be stopped meanwhile. */
export async function restore(config: RoostctlConfig, terminal: Terminal, from: string): Promise<void> {
  const url = databaseUrl(config);
  const folder = resolve(from);
  const manifest = await readManifest(folder);
  const place = qdrantOf(config);
  if (manifest.knowledge_files && config.KNOWLEDGE_DIR === undefined)
    throw new CommandError(
      'The backup has knowledge files: set KNOWLEDGE_DIR or --knowledge-dir.',
      exitCodes.invalid,
    );
  if (manifest.qdrant !== null && !place)
    throw new CommandError('The backup has a snapshot of Qdrant: set QDRANT_URL.', exitCodes.invalid);
  await restoreDatabase(url, folder, manifest);
  if (manifest.knowledge_files && config.KNOWLEDGE_DIR !== undefined)
    await cp(join(folder, KNOWLEDGE), config.KNOWLEDGE_DIR, { recursive: true });
  if (manifest.qdrant !== null && place) await restoreQdrant(place, join(folder, manifest.qdrant));
  terminal.out(`restored what was backed up at ${manifest.made_at}\n`);
}

function databaseUrl({ DATABASE_URL }: RoostctlConfig): string {
  if (DATABASE_URL !== undefined) return DATABASE_URL;
  throw new CommandError('Set DATABASE_URL or --database-url, as the manager has it.', exitCodes.invalid);
}

const qdrantOf = ({ QDRANT_URL, QDRANT_API_KEY, QDRANT_COLLECTION }: RoostctlConfig): QdrantPlace | null =>
  QDRANT_URL === undefined
    ? null
    : { url: QDRANT_URL, api_key: QDRANT_API_KEY, collection: QDRANT_COLLECTION };

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
