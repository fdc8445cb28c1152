import { fileURLToPath } from 'node:url';
import { benchCold } from './cold/cold.bench';
import { benchCommit } from './commit/commit.bench';
import { benchDocker } from './docker/docker.bench';
import { isInterrupted } from './interrupt';
import { benchLoad } from './load/load.bench';
import { benchManagers } from './managers/managers.bench';
import { describeMachine } from './machine';
import { underImagesNode } from './node.runtime';
import { type Options, type Part, readOptions } from './options';
import { benchMetrics } from './metrics/metrics.bench';
import { benchPath } from './path/path.bench';
import { benchPods } from './pods/pods.bench';
import { benchPool } from './pool/pool.bench';
import { benchReconcile } from './reconcile/reconcile.bench';
import { type Row, table, writeReport } from './report';
import { benchSockets } from './sockets/sockets.bench';
import { benchTelegram } from './telegram/telegram.bench';
import { bundleApps } from './workspace';

const measurements: Record<Part, (options: Options) => Promise<Row[]>> = {
  cold: ({ pairs }) => benchCold(pairs),
  docker: ({ pairs }) => benchDocker(pairs),
  path: ({ pairs, profile }) => benchPath(pairs, { profile }),
  commit: ({ pairs }) => benchCommit(pairs),
  load: () => benchLoad(),
  managers: () => benchManagers(),
  sockets: () => benchSockets(),
  pool: ({ pairs }) => benchPool(pairs),
  telegram: ({ pairs }) => benchTelegram(pairs),
  pods: () => benchPods(),
  reconcile: () => benchReconcile(),
  metrics: ({ pairs }) => benchMetrics(pairs),
};

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (!(await underImagesNode(fileURLToPath(import.meta.url)))) return;
  const machine = describeMachine();
  await bundleApps();
  const rows: Row[] = [];
  for (const part of options.only) {
    console.log(`measuring: ${part}`);
    rows.push(...(await measurements[part](options)));
  }
  console.log(`\n${JSON.stringify(machine)}\n\n${table(rows)}\n\nwritten to ${options.out}`);
  writeReport(options.out, { machine, measured_at: new Date().toISOString(), rows });
}

await main().catch((error: unknown) => {
  // The process ends when everything has been closed.
  if (!isInterrupted()) throw error;
});
