import { existsSync, openSync } from 'node:fs';
import { type FileHandle, open, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { LogTail, MAX_LOG_BYTES } from '../log-tail';
import { isAbsence } from './instance-records';

/** An instance's output. The process writes the file itself, so that it outlives the manager. */
export class InstanceLog {
  readonly #file: string;

  constructor(folder: string) {
    this.#file = join(folder, 'output.log');
  }

  /** A descriptor for the process; the caller closes its own copy. Appending survives {@link trim}. */
  openForProcess(): number {
    return openSync(this.#file, 'a', 0o600);
  }

  exists(): boolean {
    return existsSync(this.#file);
  }

  tail(lines: number): Promise<string[]> {
    return this.tailUntil(Infinity, lines);
  }

  /** The last `lines` before the byte at `end`. */
  async tailUntil(end: number, lines: number): Promise<string[]> {
    const kept = new LogTail();
    if (end === 0) return [];
    try {
      const size = Math.min((await stat(this.#file)).size, end);
      const file = await open(this.#file);
      // One byte more than is kept lets the tail see that a line lost its beginning.
      const start = Math.max(0, size - MAX_LOG_BYTES - 1);
      for await (const chunk of file.createReadStream({ start, end: end - 1 })) kept.write(chunk as Buffer);
    } catch (error) {
      if (!isAbsence(error)) throw error;
    }
    return kept.lines(lines);
  }

  /** The file, open for reading; undefined while there is none. It stays readable after it was removed. */
  async open(): Promise<FileHandle | undefined> {
    try {
      return await open(this.#file);
    } catch (error) {
      if (!isAbsence(error)) throw error;
      return undefined;
    }
  }

  /** Empties a file that outgrew `max_bytes`: nothing but the file system bounds what a process writes. */
  async trim(max_bytes: number): Promise<void> {
    try {
      if ((await stat(this.#file)).size > max_bytes) await truncate(this.#file);
    } catch (error) {
      if (!isAbsence(error)) throw error;
    }
  }
}
