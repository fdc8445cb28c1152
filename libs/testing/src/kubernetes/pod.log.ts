import { EventEmitter, once } from 'node:events';
import type { ServerResponse } from 'node:http';

/** What a container wrote, line by line. */
export class PodLog {
  private readonly lines: string[] = [];
  private readonly changes = new EventEmitter<{ change: [] }>().setMaxListeners(0);
  private ended = false;

  write(line: string): void {
    this.lines.push(line);
    this.changes.emit('change');
  }

  end(): void {
    this.ended = true;
    this.changes.emit('change');
  }

  tail(lines: number): string {
    return this.lines
      .slice(this.from(lines))
      .map((line) => `${line}\n`)
      .join('');
  }

  /** Answers with the last lines and what follows, until the container ended or the client is gone. */
  async serve(tail: number, response: ServerResponse): Promise<void> {
    response.writeHead(200, { 'content-type': 'text/plain' }).flushHeaders();
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const either = (emitter: EventEmitter, event: string): Promise<unknown> =>
      once(emitter, event, { signal: gone.signal }).catch(() => undefined);
    for (let next = this.from(tail); !gone.signal.aborted;) {
      const line = this.lines[next];
      if (line !== undefined) {
        next += 1;
        if (!response.write(`${line}\n`)) await either(response, 'drain');
      } else if (this.ended) break;
      else await either(this.changes, 'change');
    }
    response.end();
  }

  private from(tail: number): number {
    return Math.max(0, this.lines.length - tail);
  }
}
