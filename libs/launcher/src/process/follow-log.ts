import type { FileHandle } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { linesOf } from '../log-lines';
import type { InstanceLog } from './instance-log';

/** File systems tell of changes in too many ways, some not at all. */
const LOOK_AGAIN_MS = 50;
const READ_BYTES = 64 * 1024;

/** The last `tail` lines of the log, then what is written, until `hasEnded` says so or `signal` aborts. */
export async function* followLog(
  log: InstanceLog,
  tail: number,
  hasEnded: () => Promise<boolean>,
  signal: AbortSignal,
): AsyncGenerator<string, void> {
  const file = await opened(log, hasEnded, signal);
  if (!file) return;
  try {
    const { size } = await file.stat();
    // Up to here it is told by its tail. A line that is being written is told whole, by what follows.
    const from = await endOfLastLine(file, size);
    yield* await log.tailUntil(from, tail);
    yield* linesOf(written(file, from, hasEnded, signal));
  } finally {
    await file.close();
  }
}

/** Waits for the file of a process that was only just started. */
async function opened(
  log: InstanceLog,
  hasEnded: () => Promise<boolean>,
  signal: AbortSignal,
): Promise<FileHandle | undefined> {
  while (!signal.aborted) {
    const over = await hasEnded();
    const file = await log.open();
    if (file || over) return file;
    await again(signal);
  }
  return undefined;
}

async function* written(
  file: FileHandle,
  from: number,
  hasEnded: () => Promise<boolean>,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void> {
  let position = from;
  while (!signal.aborted) {
    // Asked first: what it wrote before its end is then read.
    const over = await hasEnded();
    // Emptied, for it had outgrown its bound.
    if ((await file.stat()).size < position) position = 0;
    while (!isOver(signal)) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(READ_BYTES), 0, READ_BYTES, position);
      if (bytesRead === 0) break;
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
    if (over) return;
    await again(signal);
  }
}

/** Position after the last newline among the last bytes before `size`; `size` itself when there is none. */
async function endOfLastLine(file: FileHandle, size: number): Promise<number> {
  const start = Math.max(0, size - READ_BYTES);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(READ_BYTES), 0, size - start, start);
  const newline = buffer.subarray(0, bytesRead).lastIndexOf('\n');
  return newline === -1 && start > 0 ? size : start + newline + 1;
}

const isOver = (signal: AbortSignal): boolean => signal.aborted;

const again = (signal: AbortSignal): Promise<void> =>
  pause(LOOK_AGAIN_MS, undefined, { signal }).catch(() => undefined);
