import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { copyFiles, filesIn } from './folder.copy';

async function folderWith(name: string, ...files: string[]): Promise<{ from: string; to: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'folder-copy-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const from = join(folder, name);
  for (const file of files) {
    await mkdir(join(from, file, '..'), { recursive: true });
    await writeFile(join(from, file), file);
  }
  return { from, to: join(folder, 'copy') };
}

it('a folder is copied without what is below the one that is left out, whatever its own name is', async () => {
  const { from, to } = await folderWith(
    'incoming',
    'base/incoming/hash',
    'base/document/hash',
    'incoming/upload',
  );
  const files = await filesIn(from, 'incoming');
  await copyFiles(from, to, files);
  expect(files.sort()).toEqual(['base/document/hash', 'base/incoming/hash']);
  expect(await readFile(join(to, 'base/document/hash'), 'utf8')).toBe('base/document/hash');
});

it('a file that is deleted meanwhile is left out', async () => {
  const { from, to } = await folderWith('knowledge', 'base/kept/hash', 'base/deleted/hash');
  const files = await filesIn(from);
  await rm(join(from, 'base/deleted'), { recursive: true });
  await copyFiles(from, to, files);
  expect(await filesIn(to)).toEqual(['base/kept/hash']);
});
