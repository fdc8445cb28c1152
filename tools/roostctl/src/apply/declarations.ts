import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Document, LineCounter, parseAllDocuments } from 'yaml';
import { CommandError, exitCodes } from '../exit-codes';

export type Fields = Record<string, unknown>;

/** One agent as a document declares it. */
export interface Declaration {
  /** File and number of the document, for messages. */
  place: string;
  id: string | null;
  name: string;
  /** The name as the document has it, for messages. */
  title: string;
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

/** The documents of one text. @throws {CommandError} with file, document and line, and nothing of the text. */
export function parseDocuments(file: string, text: string): { place: string; fields: Fields }[] {
  const lineCounter = new LineCounter();
  const documents = [...parseAllDocuments(text, { prettyErrors: false, logLevel: 'error', lineCounter })];
  return documents.flatMap((document, index) => {
    const place = `${file}, document ${index + 1}`;
    const [error] = document.errors;
    if (error) {
      const { line, col } = lineCounter.linePos(error.pos[0]);
      throw invalid(`${place}: line ${line}, column ${col}: this is no YAML (${error.code})`);
    }
    const value = valueOf(place, document);
    if (value === null) return [];
    if (!isFields(value)) throw invalid(`${place}: must be an agent: fields with their values`);
    return [{ place, fields: value }];
  });
}

function valueOf(place: string, document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch {
    throw invalid(`${place}: an alias (*name) has no anchor (&name) before it, or there are too many`);
  }
}

export const invalid = (message: string): CommandError => new CommandError(message, exitCodes.invalid);
