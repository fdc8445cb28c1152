import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { DevstackError, identify, isAlive, type ProcessIdentity } from '@roost/devstack';

/** The one copy of the stack that runs in this clone, and how to reach it. */
export interface StackState extends ProcessIdentity {
  /** Empty until everything runs. */
  manager_url: string;
  api_key: string;
  agent_id: string;
  database_url: string;
  redis_url: string;
}

export interface StackLock {
  /** True when the last holder was killed: what it started may still run. */
  readonly takenOver: boolean;
  update(state: Partial<StackState>): void;
  release(): void;
}

/** @throws {DevstackError} another copy runs; says what to do. */
export function takeStackLock(file: string): StackLock {
  const self = identify(process.pid);
  if (!self) throw new Error('the start time of this process cannot be read (is /proc mounted?)');
  let state: StackState = {
    ...self,
    manager_url: '',
    api_key: '',
    agent_id: '',
    database_url: '',
    redis_url: '',
  };
  const write = (flag: 'w' | 'wx') => {
    writeFileSync(file, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600, flag });
  };

  let takenOver = false;
  for (;;) {
    try {
      write('wx');
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = readStackState(file);
    if (holder && isAlive(holder)) throw new DevstackError(alreadyRunning(holder));
    takenOver = true;
    setAside(file);
  }
  return {
    takenOver,
    update(change) {
      state = { ...state, ...change };
      write('w');
    },
    release() {
      rmSync(file, { force: true });
    },
  };
}

export function readStackState(file: string): StackState | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as StackState;
  } catch {
    return null;
  }
}

function alreadyRunning({ pid, manager_url }: StackState): string {
  const where = manager_url ? ` at ${manager_url}/docs` : '';
  return `Roost already runs in this directory${where} (process ${pid}): use it, or end it with npm stop.`;
}

/** Renaming succeeds for one of several that find the same dead holder; the others look again. */
function setAside(file: string): void {
  try {
    renameSync(file, `${file}.stale`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
