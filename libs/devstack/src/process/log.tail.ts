import { closeSync, fstatSync, openSync, readSync, renameSync } from 'node:fs';

const longestTail = 64 * 1024;

/** The last `lines` lines of a file, of at most 64 KiB; empty when there is no such file. */
export function tailOf(file: string, lines: number): string {
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch {
    return '';
  }
  try {
    const { size } = fstatSync(fd);
    const buffer = Buffer.alloc(Math.min(size, longestTail));
    const read = readSync(fd, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8', 0, read).trimEnd().split('\n').slice(-lines).join('\n');
  } finally {
    closeSync(fd);
  }
}

/** Opens a log for writing from its beginning; the previous one is kept as `<file>.1`. */
export function openLog(file: string): number {
  try {
    renameSync(file, `${file}.1`);
  } catch {
    // There was none yet.
  }
  return openSync(file, 'a', 0o600);
}
