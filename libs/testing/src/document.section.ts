import { readFileSync, writeFileSync } from 'node:fs';

const ROOT = new URL('../../../', import.meta.url);

/**
 * What a document says between `<!-- name -->` and `<!-- /end -->`. With `UPDATE_DOCS=1` it is made to say `generated`
 * first. @throws {Error} when it has no such section.
 */
export function documentSection(file: string, name: string, end: string, generated: string): string {
  const path = new URL(file, ROOT);
  const document = readFileSync(path, 'utf8');
  const opening = `<!-- ${name} -->\n\n`;
  const closing = `<!-- /${end} -->`;
  const from = document.indexOf(opening) + opening.length;
  const to = document.indexOf(`\n\n${closing}`, from);
  if (from < opening.length || to < 0)
    throw new Error(`${file} needs a section that begins with ${opening.trim()} and ends with ${closing}`);
  if (process.env['UPDATE_DOCS'] !== '1') return document.slice(from, to);
  writeFileSync(path, `${document.slice(0, from)}${generated}${document.slice(to)}`);
  return generated;
}
