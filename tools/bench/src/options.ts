import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { benchDir } from './workspace';

export const parts = [
  'cold',
  'docker',
  'path',
  'commit',
  'load',
  'managers',
  'sockets',
  'pool',
  'telegram',
  'pods',
  'reconcile',
  'metrics',
] as const;
export type Part = (typeof parts)[number];

export interface Options {
  only: Part[];
  out: string;
  /** Pairs of each comparison, before those of the warm-up. */
  pairs: number;
  /** A folder for CPU profiles of the manager and the runners. */
  profile: string | null;
}

export const usage = `usage: npm run bench -- [--only ${parts.join('|')}]... [--out FILE] [--pairs N] [--profile DIR]`;

/** @throws {Error} that says how to call it. */
export function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string', multiple: true },
      out: { type: 'string' },
      pairs: { type: 'string', default: '120' },
      profile: { type: 'string' },
    },
  });
  const only = (values.only ?? [...parts]).map((name) => {
    const part = parts.find((known) => known === name);
    if (!part) throw new Error(`--only ${name}: there is no such part\n${usage}`);
    return part;
  });
  const pairs = Number(values.pairs);
  if (!Number.isInteger(pairs) || pairs < 4) throw new Error(`--pairs takes a number from 4 up\n${usage}`);
  const stamp = new Date().toISOString().replaceAll(/[:.]/g, '-');
  return {
    only,
    pairs,
    out: resolve(values.out ?? join(benchDir, `${stamp}.json`)),
    profile: values.profile === undefined ? null : resolve(values.profile),
  };
}
