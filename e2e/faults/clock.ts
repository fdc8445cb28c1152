import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Variables of a manager whose clock is `hours` ahead, or behind. Timers keep their pace. */
export function clockShifted(hours: number): Record<string, string> {
  const preload = pathToFileURL(join(import.meta.dirname, 'clock.preload.mjs')).href;
  return { NODE_OPTIONS: `--import=${preload}`, CLOCK_OFF_BY_MS: String(hours * 3_600_000) };
}
