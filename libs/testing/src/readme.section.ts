import { readFileSync, writeFileSync } from 'node:fs';

const README = new URL('../../../README.md', import.meta.url);

export interface DocumentedVariable {
  name: string;
  default: string;
  description: string;
}

/**
 * What README.md says between `<!-- name -->` and `<!-- /env -->`. With `UPDATE_DOCS=1` it is made to say `generated`
 * first. @throws {Error} when README.md has no such section.
 */
export function readmeSection(name: string, generated: string): string {
  const readme = readFileSync(README, 'utf8');
  const opening = `<!-- ${name} -->\n\n`;
  const start = readme.indexOf(opening) + opening.length;
  const end = readme.indexOf('\n\n<!-- /env -->', start);
  if (start < opening.length || end < 0) {
    throw new Error(
      `README.md needs a section that begins with ${opening.trim()} and ends with <!-- /env -->`,
    );
  }
  if (process.env['UPDATE_DOCS'] !== '1') return readme.slice(start, end);
  writeFileSync(README, `${readme.slice(0, start)}${generated}${readme.slice(end)}`);
  return generated;
}

/** A table of an app's variables in Markdown. */
export function environmentTable(variables: DocumentedVariable[]): string {
  const rows = variables.map(
    ({ name, default: fallback, description }) =>
      `| \`${name}\` | ${defaultCell(fallback)} | ${description.replaceAll('|', '\\|')} |`,
  );
  return ['| Variable | Default | What it does |', '| --- | --- | --- |', ...rows].join('\n');
}

/** Code where it can be pasted as it is, words where it is explained. */
function defaultCell(fallback: string): string {
  if (fallback === '') return '';
  if (fallback === 'required') return '**required**';
  return /[` ]/.test(fallback) ? fallback : `\`${fallback}\``;
}
