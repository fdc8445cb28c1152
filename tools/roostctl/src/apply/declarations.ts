import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { CommandError, exitCodes } from '../exit-codes';

export type Fields = Record<string, unknown>;

/** One agent as a document declares it. */
export interface Declaration {
  /** File and number of the document, for messages. */
  place: string;
  id: string | null;
  name: string;
  configuration: Fields;
  /** The same with its defaults, as the service would store it anew; never shown. */
  completed: Fields;
}

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const mapFields = (fields: Fields, map: (value: unknown, key: string) => unknown): Fields =>
  Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, map(value, key)]));

/** The texts of a file, of every YAML file of a folder by name, or of the standard input (`-`). */
export async function readSources(
  path: string,
  input: () => Promise<string>,
): Promise<{ file: string; text: string }[]> {
  if (path === '-') return [{ file: 'standard input', text: await input() }];
  try {
    if (!(await stat(path)).isDirectory()) return [{ file: path, text: await readFile(path, 'utf8') }];
    const files = (await readdir(path)).filter((name) => /\.ya?ml$/.test(name)).sort();
    if (files.length === 0) throw invalid(`${path} has no file that ends in .yaml or .yml`);
    return await Promise.all(
      files.map(async (name) => ({ file: join(path, name), text: await readFile(join(path, name), 'utf8') })),
    );
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw invalid(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The documents of one text. @throws {CommandError} with file, document and line. */
export function parseDocuments(file: string, text: string): { place: string; fields: Fields }[] {
  return [...parseAllDocuments(text)].flatMap((document, index) => {
    const place = `${file}, document ${index + 1}`;
    const [error] = document.errors;
    if (error) throw invalid(`${place}: ${error.message}`);
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    if (value === null) return [];
    if (!isFields(value)) throw invalid(`${place}: must be an agent: fields, not ${JSON.stringify(value)}`);
    return [{ place, fields: value }];
  });
}

export const invalid = (message: string): CommandError => new CommandError(message, exitCodes.invalid);
