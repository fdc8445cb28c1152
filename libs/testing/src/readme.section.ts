import { documentSection } from './document.section';

export interface DocumentedVariable {
  name: string;
  default: string;
  description: string;
}

/** What README.md says between `<!-- name -->` and `<!-- /env -->`; see {@link documentSection}. */
export const readmeSection = (name: string, generated: string): string =>
  documentSection('README.md', name, 'env', generated);

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
