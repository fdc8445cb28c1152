import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { compare, ratioAtMost, type Row } from '../report';
import { BenchStack } from '../stack/bench.stack';
import { ChatClient } from '../stack/chat.client';
import { runnerEntry } from '../workspace';

const RUNNERS = 3;
/** Two heartbeats and a turn of the inbox's blocking read: what starting left behind has been collected or stays. */
const SETTLE_MS = 12_000;

interface Memory {
  rss: number;
  /** Without the pages that processes share, such as Node's own program. */
  own: number;
}

/** Memory of connected runners at rest, each after one answer. */
export async function residentMemory(unbundled: string, cache: string): Promise<Row[]> {
  const ours = await runnersAtRest(cached(runnerEntry, cache));
  const reference = await runnersAtRest(unbundled);
  const pick = (field: keyof Memory) => ({
    ours: ours.map((memory) => memory[field]),
    reference: reference.map((memory) => memory[field]),
  });
  const note = `median of ${RUNNERS} connected runners, ${SETTLE_MS / 1_000} s after one answer`;
  return [
    compare({
      name: 'Runner at rest, resident',
      unit: 'MiB',
      ...pick('rss'),
      target: ratioAtMost(0.75),
      note,
    }),
    compare({ name: 'Runner at rest, its own pages', unit: 'MiB', ...pick('own'), note }),
  ];
}

/** The process launcher hands its runners no NODE_COMPILE_CACHE: a program in front switches it on, as the image does. */
function cached(entry: string, cache: string): string {
  const file = join(cache, 'entry.mjs');
  writeFileSync(
    file,
    `import { enableCompileCache } from 'node:module';
enableCompileCache?.(${JSON.stringify(cache)});
await import(${JSON.stringify(pathToFileURL(entry).href)});
`,
  );
  return file;
}

async function runnersAtRest(entry: string): Promise<Memory[]> {
  const stack = await BenchStack.start({ name: 'memory', runner_entry: entry });
  try {
    for (let index = 0; index < RUNNERS; index += 1) {
      const agent_id = await stack.api.createAgent(`Memory ${index}`);
      await stack.api.start(agent_id);
      const chat = await ChatClient.connect(stack.api.url, agent_id, stack.api.key);
      await chat.ask(0, 0);
      chat.close();
    }
    await pause(SETTLE_MS);
    const memories = stack.runnerProcesses().map(({ pid }) => memoryOf(pid));
    if (memories.length !== RUNNERS) throw new Error(`${memories.length} of ${RUNNERS} runners are alive`);
    return memories;
  } finally {
    await stack.close();
  }
}

/** Linux only. */
function memoryOf(pid: number): Memory {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1] ?? 0);
  return { rss: kib('Rss') / 1_024, own: (kib('Private_Clean') + kib('Private_Dirty')) / 1_024 };
}
