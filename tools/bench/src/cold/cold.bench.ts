import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { compare, type Row } from '../report';
import { runnerEntry, scratchDir } from '../workspace';
import { residentMemory } from './memory.bench';
import { buildUnbundled } from './unbundled';

const START_DEADLINE_MS = 60_000;

/** A runner's start up to its compiled graph, and its memory at rest: as deployed, against unbundled. */
export async function benchCold(pairs: number): Promise<Row[]> {
  const unbundled = await buildUnbundled();
  const cache = scratchDir('compile-cache');
  try {
    const starts = Math.max(8, Math.round(pairs / 4));
    const bundled = await runnerStarts(starts, unbundled, cache);
    return [bundled, ...(await residentMemory(unbundled, cache))];
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
}

async function runnerStarts(pairs: number, unbundled: string, cache: string): Promise<Row> {
  // As the image does: a first start writes the cache, as the user who reads it later.
  const ours = () => timeToGraph(runnerEntry, { NODE_COMPILE_CACHE: cache });
  const theirs = () => timeToGraph(unbundled, {});
  for (let round = 0; round < 3; round += 1) {
    await ours();
    await theirs();
  }
  const samples = { ours: [] as number[], reference: [] as number[] };
  for (let pair = 0; pair < pairs; pair += 1) {
    samples.ours.push(await ours());
    samples.reference.push(await theirs());
  }
  return compare({
    name: 'Runner start to graph compiled, bundled with compile cache : unbundled',
    unit: 'ms',
    ...samples,
    target: 0.35,
  });
}

/** Milliseconds from the start of the process to its line that the graph is compiled. */
async function timeToGraph(entry: string, env: Record<string, string>): Promise<number> {
  const begun = performance.now();
  const child = spawn(process.execPath, [entry, '--warm'], {
    cwd: dirname(entry),
    env: { PATH: process.env['PATH'], NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: START_DEADLINE_MS,
  });
  const ended = once(child, 'exit');
  let compiled_ms: number | null = null;
  let output = '';
  for await (const chunk of child.stdout) {
    output += String(chunk);
    if (compiled_ms === null && output.includes('graph compiled')) compiled_ms = performance.now() - begun;
  }
  const [code] = (await ended) as [number | null];
  if (code !== 0 || compiled_ms === null) throw new Error(`${entry} --warm ended with ${code}:\n${output}`);
  return compiled_ms;
}
