import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Split } from './dataset';

export interface Options {
  splits: Split[];
  /** Where the figures go as JSON, beside the table; null for nowhere. */
  json: string | null;
}

export const usage = 'usage: npm run eval -- [--split tuning|held_out] [--json FILE]';

/** @throws {Error} that says how to call it. */
export function readOptions(args: string[]): Options {
  const { values } = parseArgs({ args, options: { split: { type: 'string' }, json: { type: 'string' } } });
  const splits: Split[] = ['tuning', 'held_out'];
  const chosen = splits.filter((split) => values.split === undefined || split === values.split);
  if (chosen.length === 0) throw new Error(`--split ${values.split ?? ''}: there is no such half\n${usage}`);
  return { splits: chosen, json: values.json === undefined ? null : resolve(values.json) };
}
