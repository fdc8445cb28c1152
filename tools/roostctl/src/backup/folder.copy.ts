import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

/** The files below a folder by their relative paths, but for those below `except`; none where there is no folder. */
export async function filesIn(folder: string, except?: string): Promise<string[]> {
  const below = async (path: string): Promise<string[]> => {
    const entries = (await unlessGone(readdir(path, { withFileTypes: true }))) ?? [];
    const found = await Promise.all(
      entries
        .map((entry) => ({ entry, inner: join(path, entry.name) }))
        .filter(({ inner }) => relative(folder, inner) !== except)
        .map(async ({ entry, inner }) => (entry.isDirectory() ? below(inner) : [relative(folder, inner)])),
    );
    return found.flat();
  };
  return below(folder);
}

/** Copies files into another folder; one that is gone meanwhile is left out. */
export async function copyFiles(from: string, to: string, files: string[]): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o700 });
  for (const file of files) {
    const copy = join(to, file);
    await mkdir(dirname(copy), { recursive: true, mode: 0o700 });
    await unlessGone(copyFile(join(from, file), copy));
  }
}

const unlessGone = <T>(work: Promise<T>): Promise<T | null> =>
  work.catch((error: unknown) => {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  });
