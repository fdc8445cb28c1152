import { readFileSync, readdirSync, readlinkSync, realpathSync } from 'node:fs';

/** Which process is meant, also after its number was given to another. */
export interface ProcessIdentity {
  pid: number;
  /** Boot id and start time in clock ticks since boot; see proc(5), field `starttime`. */
  started: string;
}

const STATE = 0;
const PROCESS_GROUP = 2;
const START_TIME = 19;

/** The process that bears `pid` now; undefined when none does, or only one that ended and awaits its parent. */
export function identify(pid: number): ProcessIdentity | undefined {
  const fields = statusOf(pid);
  return fields && { pid, started: `${bootId()}:${fields[START_TIME] ?? ''}` };
}

/** The process that leads a group of its own and works in `folder`; undefined when there is none. */
export function identifyLeaderIn(folder: string): ProcessIdentity | undefined {
  const real = realPath(folder);
  if (real === undefined) return undefined;
  const leads = (pid: number): boolean => statusOf(pid)?.[PROCESS_GROUP] === String(pid);
  const found = readdirSync('/proc').find(
    (name) => /^\d+$/.test(name) && workingFolderOf(name) === real && leads(Number(name)),
  );
  return found === undefined ? undefined : identify(Number(found));
}

export function isAlive(process: ProcessIdentity): boolean {
  return identify(process.pid)?.started === process.started;
}

/** What follows the command in /proc/<pid>/stat; undefined when the process has ended. */
function statusOf(pid: number): string[] | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The second field, the command in parentheses, may itself hold blanks and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[STATE] === 'Z' || fields[STATE] === 'X' ? undefined : fields;
}

/** Undefined for a process that has ended, or belongs to somebody else. */
function workingFolderOf(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}

function realPath(folder: string): string | undefined {
  try {
    return realpathSync(folder);
  } catch {
    return undefined;
  }
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}
