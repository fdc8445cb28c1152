import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { testConfig } from '../../test/test-config';
import { PermanentFailure } from '../ingestion/ingestion.failure';
import { DocumentParser } from './document.parser';

vi.setConfig({ testTimeout: 120_000 });

let directory: string;
let path: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'roost-parser-'));
  path = join(directory, 'document');
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const parserWith = (overrides: Record<string, string>): DocumentParser =>
  new DocumentParser(testConfig(overrides));
const never = new AbortController().signal;

describe('the process that reads a document', () => {
  it('is ended when it takes too long', async () => {
    await writeFile(path, 'x');
    const parsing = parserWith({ KNOWLEDGE_PARSE_SECONDS: '1' }).parse(
      // A page of nested lists, on which its library spends minutes.
      { path: await written('<ul><li>'.repeat(2_000_000)), type: 'html', pages_max: 1 },
      never,
    );
    await expect(parsing).rejects.toThrow(/more than 1 s.*KNOWLEDGE_PARSE_SECONDS/);
    await expect(parsing).rejects.toBeInstanceOf(PermanentFailure);
  });

  it('is ended when it takes too much memory', async () => {
    const rows = 'a,b\n'.concat('"x y z",1\n'.repeat(1_500_000));
    const parsing = parserWith({ KNOWLEDGE_PARSE_MEMORY_MB: '64', KNOWLEDGE_PARSE_SECONDS: '100' }).parse(
      { path: await written(rows), type: 'html', pages_max: 1 },
      never,
    );
    await expect(parsing).rejects.toThrow(/64 MiB.*KNOWLEDGE_PARSE_MEMORY_MB/);
  });

  it('is ended with the work it was for', async () => {
    const reason = new Error('deleted');
    const stop = new AbortController();
    const parsing = parserWith({}).parse(
      { path: await written('Tea.'), type: 'text', pages_max: 1 },
      stop.signal,
    );
    stop.abort(reason);
    await expect(parsing).rejects.toBe(reason);
  });

  it('knows nothing of the environment', async () => {
    const chunks = await parserWith({})
      .parse({ path: '/proc/self/environ', type: 'text', pages_max: 1 }, never)
      .catch((error: unknown) => String(error));
    expect(JSON.stringify(chunks)).not.toMatch(/PATH=|HOME=/);
  });

  it('that fails in a way nobody foresaw fails the document alone', async () => {
    const parsing = parserWith({}).parse(
      { path: join(directory, 'absent'), type: 'text', pages_max: 1 },
      never,
    );
    await expect(parsing).rejects.toThrow('made its parser fail');
  });
});

async function written(content: string): Promise<string> {
  await writeFile(path, content);
  return path;
}
