import { readFileSync } from 'node:fs';

/** What V8 and the libraries need besides the heap that is bounded by V8 itself. */
const BASE_MB = 192;
const PAGE_BYTES = 4_096;
const LOOK_MS = 100;

/**
 * Calls once when the process holds more than its heap's bound and what comes with it: buffers lie outside that heap.
 * Only Linux tells; elsewhere V8's own bound is all there is.
 */
export function watchMemory(pid: number | undefined, heap_mb: number, exceeded: () => void): NodeJS.Timeout {
  const timer = setInterval(() => {
    if (residentMb(pid) <= heap_mb + BASE_MB) return;
    clearInterval(timer);
    exceeded();
  }, LOOK_MS).unref();
  return timer;
}

function residentMb(pid: number | undefined): number {
  try {
    const [, pages = '0'] = readFileSync(`/proc/${pid ?? 0}/statm`, 'utf8').split(' ');
    return (Number(pages) * PAGE_BYTES) / 1_048_576;
  } catch {
    return 0;
  }
}
