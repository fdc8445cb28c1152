import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { compare, ratioAtMost, type Row } from '../report';
import { runnerEntry, scratchDir } from '../workspace';
import { residentMemory } from './memory.bench';
import { buildUnbundled } from './unbundled';

const START_DEADLINE_MS = 60_000;
const WARM_UP = 3;

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
  const ours = (once_compiled: AfterGraph) =>
    timeToGraph(runnerEntry, { NODE_COMPILE_CACHE: cache }, once_compiled);
  const theirs = (once_compiled: AfterGraph) => timeToGraph(unbundled, {}, once_compiled);
  for (let round = 0; round < WARM_UP; round += 1) {
    // As the image does: a first start, to its end, writes the cache, as the user who reads it later.
    await ours('ends');
    await theirs('ends');
  }
  const samples = { ours: [] as number[], reference: [] as number[] };
  for (let pair = 0; pair < pairs; pair += 1) {
    samples.ours.push(await ours('is killed'));
    samples.reference.push(await theirs('is killed'));
  }
  return compare({
    name: 'Runner start to graph compiled, bundled with compile cache : unbundled',
    unit: 'ms',
    ...samples,
    target: ratioAtMost(0.35),
  });
}

/** What becomes of a process whose time has been taken. */
type AfterGraph = 'ends' | 'is killed';

/** Milliseconds from the start of the process to its line that the graph is compiled. */
async function timeToGraph(
  entry: string,
  env: Record<string, string>,
  once_compiled: AfterGraph,
): Promise<number> {
  const begun = performance.now();
  const child = spawn(process.execPath, [entry, '--warm'], {
    cwd: dirname(entry),
    env: { PATH: process.env['PATH'], NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: START_DEADLINE_MS,
    killSignal: 'SIGKILL',
  });
  const ended = once(child, 'exit');
  let compiled_ms: number | null = null;
  let output = '';
  for await (const chunk of child.stdout) {
    output += String(chunk);
    if (compiled_ms !== null || !output.includes('graph compiled')) continue;
    compiled_ms = performance.now() - begun;
    if (once_compiled === 'is killed') child.kill('SIGKILL');
  }
  const [code, signal] = (await ended) as [number | null, string | null];
  if (compiled_ms === null || (once_compiled === 'ends' && code !== 0)) {
    throw new Error(`${entry} --warm ended with ${code ?? signal ?? ''}:\n${output}`);
  }
  return compiled_ms;
}
