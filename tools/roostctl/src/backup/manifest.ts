import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CommandError, exitCodes } from '../exit-codes';

const FILE = 'roost-backup.json';

const schema = z.object({
  format: z.literal(2),
  made_at: z.string(),
  /** What the rows belong to: the migrations that were applied, by schema. */
  migrations: z.record(z.string(), z.array(z.string())),
  tables: z.array(z.object({ name: z.string(), columns: z.array(z.string()), rows: z.int() })),
  knowledge_files: z.boolean(),
  /** The snapshot's file; null where knowledge is kept in PostgreSQL. */
  qdrant: z.string().nullable(),
});

export type Manifest = z.infer<typeof schema>;

/** Written last: a folder without it is no backup. */
export const writeManifest = (folder: string, manifest: Manifest): Promise<void> =>
  writeFile(join(folder, FILE), `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600 });

export async function readManifest(folder: string): Promise<Manifest> {
  try {
    return schema.parse(JSON.parse(await readFile(join(folder, FILE), 'utf8')));
  } catch (error) {
    const why = error instanceof z.ZodError ? 'it was made by another release' : String(error);
    throw new CommandError(`${folder} holds no backup that can be read: ${why}`, exitCodes.invalid);
  }
}
