import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../../..');

/** Labels that Prometheus gives to all it scrapes. */
const OF_EVERY_SERIES = ['job', 'instance'];
const ROW = /^\| `([a-z0-9_]+)` \| (counter|gauge|histogram|summary) \| (.*?) \| .+ \|$/gm;

/**
 * The series there are, with their labels: from the tables of docs/operations.md, which tests of the apps hold to
 * their registries.
 */
export function knownSeries(): Map<string, Set<string>> {
  const known = new Map([['up', new Set(OF_EVERY_SERIES)]]);
  const text = readFileSync(join(root, 'docs/operations.md'), 'utf8');
  for (const [, name = '', type = '', cell = ''] of text.matchAll(ROW)) {
    const labels = [...cell.matchAll(/`([a-z_]+)`/g)].map(([, label = '']) => label);
    const add = (series: string, ...more: string[]): void =>
      void known.set(series, new Set([...OF_EVERY_SERIES, ...labels, ...more]));
    if (type !== 'histogram') add(name);
    else {
      add(`${name}_bucket`, 'le');
      add(`${name}_sum`);
      add(`${name}_count`);
    }
  }
  return known;
}
