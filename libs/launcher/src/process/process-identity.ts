import { readFileSync } from 'node:fs';

/** Which process is meant, also after its number was given to another. */
export interface ProcessIdentity {
  pid: number;
  /** Boot id and start time in clock ticks since boot; see proc(5), field `starttime`. */
  started: string;
}

const STATE = 0;
const START_TIME = 19;

/** The process that bears `pid` now; undefined when none does, or only one that ended and awaits its parent. */
export function identify(pid: number): ProcessIdentity | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The second field, the command in parentheses, may itself hold blanks and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[STATE] === 'Z' || fields[STATE] === 'X') return undefined;
  return { pid, started: `${bootId()}:${fields[START_TIME] ?? ''}` };
}

export function isAlive(process: ProcessIdentity): boolean {
  return identify(process.pid)?.started === process.started;
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}
