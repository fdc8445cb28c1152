import { freePort } from '@roost/devstack';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { SocketKind } from '../programs/clients.program';
import { Program } from '../programs/program';
import { notMeasured, oursAtMost, type Row } from '../report';
import { BenchStack } from '../stack/bench.stack';
import { median, percentile } from '../statistics';
import { Inspector } from './manager.inspector';

const IDLE = 5_000;
const ASKED = 100;
/** Opened and closed before: what the first connections make is there already. */
const WARM_UP = 200;
/** What connecting left behind has been settled or stays. */
const SETTLE_MS = 2_000;
/** Connections between two looks at the memory. */
const STEP = 1_000;
const AIM = oursAtMost(25);

/** Where clients connect to, and how much memory that takes. */
interface Target {
  url: string;
  agent_id: string;
  key: string;
  pid: number;
  collect(): Promise<void>;
}

/** Thousands of idle connections to one manager, against the same to the bare socket libraries. */
export async function benchSockets(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const kind of ['plain', 'Socket.IO'] as const) rows.push(...(await benchKind(kind)));
  return rows;
}

async function benchKind(kind: SocketKind): Promise<Row[]> {
  const room = openFilesMax();
  const name = `${kind}: resident memory of one of ${IDLE} idle sockets`;
  if (room < IDLE + 500)
    return [notMeasured(name, `a process may have ${room} files open; raise it: ulimit -n ${IDLE * 2}`, AIM)];
  const [ours, times] = await onManager(kind);
  const reference = await onBareLibrary(kind);
  const [busy, quiet] = [percentile(times.among_idle, 0.99), percentile(times.alone, 0.99)];
  return [
    {
      name,
      unit: 'KiB',
      ours,
      reference,
      ratio: ours / reference,
      target: AIM,
      note: 'after collection; reference: the socket library alone',
    },
    {
      name: `${kind}: p99 of a message to each of ${ASKED} among ${IDLE} : among ${ASKED}`,
      unit: 'ms',
      ours: busy,
      reference: quiet,
      ratio: busy / quiet,
      target: null,
      note: `one after the other, to the reply; medians ${percentile(times.among_idle, 0.5).toFixed(1)} : ${percentile(times.alone, 0.5).toFixed(1)}`,
      samples: { ours: times.among_idle, reference: times.alone },
    },
  ];
}

interface Times {
  among_idle: number[];
  alone: number[];
}

async function onManager(kind: SocketKind): Promise<[kib: number, times: Times]> {
  const port = await freePort();
  const stack = await BenchStack.start({ name: 'sockets', node_args: [`--inspect=127.0.0.1:${port}`] });
  const clients = await Program.start('clients');
  try {
    const inspector = await Inspector.connect(port);
    const agent_id = await stack.api.createAgent('Sockets');
    await stack.api.start(agent_id);
    const { url, key } = stack.api;
    const target: Target = { url, agent_id, key, pid: stack.manager.pid, collect: () => inspector.collect() };
    const open = (count: number) => clients.call('open', kind, url, agent_id, key, count);
    await open(ASKED);
    await clients.call('ask', ASKED);
    const alone = await clients.call<number[]>('ask', ASKED);
    await clients.call('close');
    const kib = await memoryOfEach(kind, clients, target);
    const among_idle = await clients.call<number[]>('ask', ASKED);
    inspector.close();
    return [kib, { among_idle, alone }];
  } finally {
    await clients.stop();
    await stack.close();
  }
}

async function onBareLibrary(kind: SocketKind): Promise<number> {
  const server = await Program.start('bare-sockets');
  const clients = await Program.start('clients');
  try {
    const target: Target = {
      url: await server.call<string>('url'),
      agent_id: 'none',
      key: 'none',
      pid: await server.call<number>('pid'),
      collect: () => server.call('collect'),
    };
    return await memoryOfEach(kind, clients, target);
  } finally {
    await clients.stop();
    await server.stop();
  }
}

/** KiB that each further connection keeps resident; the connections stay open. */
async function memoryOfEach(kind: SocketKind, clients: Program, target: Target): Promise<number> {
  const { url, agent_id, key } = target;
  await clients.call('open', kind, url, agent_id, key, WARM_UP);
  await clients.call('close');
  const looks: [count: number, kib: number][] = [];
  for (let count = STEP; count <= IDLE; count += STEP) {
    await clients.call('open', kind, url, agent_id, key, count);
    looks.push([count, await residentAtRest(target)]);
  }
  // Theil and Sen's estimate: a page that is given back late, or not, tilts one pair of looks and not all.
  const slopes = looks.flatMap(([count, kib], index) =>
    looks.slice(index + 1).map(([more, then]) => (then - kib) / (more - count)),
  );
  return median(slopes);
}

async function residentAtRest({ pid, collect }: Target): Promise<number> {
  await pause(SETTLE_MS);
  // The second one frees what finalizers of the first let go of.
  await collect();
  await collect();
  await pause(SETTLE_MS);
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
}

/** Linux only; what this process may open, its children may, too. */
function openFilesMax(): number {
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft ?? 0);
}
