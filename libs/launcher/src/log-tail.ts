/** What one answer of `logs` may hold at most. */
export const MAX_LOG_BYTES = 1024 * 1024;
export const MAX_LOG_LINES = 10_000;

const NEWLINE = 0x0a;

/** Keeps the end of an output of any length within {@link MAX_LOG_BYTES}. */
export class LogTail {
  #chunks: Buffer[] = [];
  #bytes = 0;
  #cut_within_line = false;

  write(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    for (let first = this.#chunks[0]; first && this.#bytes > MAX_LOG_BYTES; first = this.#chunks[0]) {
      const excess = this.#bytes - MAX_LOG_BYTES;
      this.#cut_within_line = first[Math.min(excess, first.length) - 1] !== NEWLINE;
      if (first.length > excess) {
        this.#chunks[0] = first.subarray(excess);
        this.#bytes -= excess;
      } else {
        this.#chunks.shift();
        this.#bytes -= first.length;
      }
    }
  }

  /** The last `tail` lines, oldest first. A line whose beginning was cut off is left out. */
  lines(tail: number): string[] {
    const lines = Buffer.concat(this.#chunks).toString('utf8').split(/\r?\n/);
    if (lines.at(-1) === '') lines.pop();
    if (this.#cut_within_line && lines.length > 1) lines.shift();
    const wanted = Math.min(Math.max(Math.trunc(tail), 0), MAX_LOG_LINES);
    return wanted === 0 ? [] : lines.slice(-wanted);
  }
}
