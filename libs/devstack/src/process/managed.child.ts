import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, rmSync } from 'node:fs';
import { onExit } from 'signal-exit';
import { openLog, tailOf } from './log.tail';
import { identify } from './process.identity';
import { signalGroup, signalQuietly, writeRecord } from './process.record';
import type { Watched } from './wait.until';

export interface ChildSpec {
  name: string;
  command: string;
  args: string[];
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Another account to run as; only root can. */
  runAs?: { uid: number; gid: number } | null;
  /** Gets both outputs. A file and no pipe: the child can outlive us without blocking. */
  logFile: string;
  /** Lets a later start find the child if we are killed. */
  recordFile: string;
  stopSignal?: NodeJS.Signals;
}

export interface ManagedChild extends Watched {
  readonly name: string;
  readonly pid: number;
  readonly exited: Promise<void>;
  /** Signals the child, kills its group after `graceMs`, and resolves when it is gone. Repeating it is harmless. */
  stop(graceMs?: number): Promise<void>;
}

interface Living {
  pid: number;
  stopSignal: NodeJS.Signals;
}

const living = new Set<Living>();
let exitHooked = false;

/**
 * Starts a child in a process group of its own (so that Ctrl-C reaches it through us, in order). It ends when this
 * process ends, by return or by signal; after SIGKILL the record lets the next start end it.
 */
export async function startChild(spec: ChildSpec): Promise<ManagedChild> {
  const stopSignal = spec.stopSignal ?? 'SIGTERM';
  const log = openLog(spec.logFile);
  const child = spawn(spec.command, spec.args, {
    detached: true,
    stdio: ['ignore', log, log],
    env: spec.env ?? process.env,
    cwd: spec.cwd ?? '/',
    ...(spec.runAs ? { uid: spec.runAs.uid, gid: spec.runAs.gid } : {}),
  });
  try {
    await once(child, 'spawn');
  } finally {
    closeSync(log);
  }

  const { pid } = child;
  if (pid === undefined) throw new Error(`${spec.name} has no pid`);
  const entry: Living = { pid, stopSignal };
  living.add(entry);
  hookExit();
  const identity = identify(pid);
  if (identity) writeRecord(spec.recordFile, { ...identity, name: spec.name, stop_signal: stopSignal });

  let exit: Watched['exit'] = null;
  const exited = new Promise<void>((resolve) => {
    const ended = (code: number | null, signal: NodeJS.Signals | null) => {
      exit = { code, signal };
      living.delete(entry);
      rmSync(spec.recordFile, { force: true });
      resolve();
    };
    if (child.exitCode !== null || child.signalCode !== null) ended(child.exitCode, child.signalCode);
    else child.once('exit', ended);
  });

  return {
    name: spec.name,
    pid,
    exited,
    get exit() {
      return exit;
    },
    tail: (lines) => tailOf(spec.logFile, lines),
    async stop(graceMs = 10_000) {
      if (exit) return;
      signalQuietly(pid, stopSignal);
      const killer = setTimeout(() => {
        signalGroup(pid, 'SIGKILL');
      }, graceMs);
      await exited;
      clearTimeout(killer);
    },
  };
}

function hookExit(): void {
  if (exitHooked) return;
  exitHooked = true;
  onExit(() => {
    for (const { pid, stopSignal } of living) signalQuietly(pid, stopSignal);
  });
}
