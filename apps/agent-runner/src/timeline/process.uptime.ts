import { readFileSync } from 'node:fs';

/** Milliseconds of a clock tick in /proc; 100 of them are a second on every platform Node.js runs on. */
const TICK_MS = 10;
const START_TIME = 19;
/** Node.js never takes so long to load: /proc then speaks of another time than ours. */
const LOADING_MAX_MS = 60_000;

/**
 * Milliseconds since the kernel made this process, to a tick. `performance.now()` begins only when Node.js has been
 * loaded, which a busy machine takes its time for; it stands in where there is no /proc.
 */
export function processUptime(): number {
  const loaded = performance.now();
  const made = sinceMade();
  return made > loaded && made < loaded + LOADING_MAX_MS ? made : loaded;
}

function sinceMade(): number {
  try {
    const up_ms = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1_000;
    // The second field, the command in parentheses, may itself hold blanks and parentheses; see proc(5).
    const stat = readFileSync('/proc/self/stat', 'utf8');
    const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[START_TIME]);
    return up_ms - ticks * TICK_MS;
  } catch {
    return 0;
  }
}
