import type { Response } from 'express';
import { markStreamed } from '../http/streamed';
import { hasRoom } from './reading.pace';

/** Milliseconds between two comments that keep proxies from closing a silent stream. */
const COMMENT_MS = 15_000;

/** Milliseconds after which a reader whose stream ended for a restart comes back. */
const RECONNECT_MIN_MS = 500;
const RECONNECT_SPREAD_MS = 2_000;
/** Milliseconds a reader has to take what was sent before the end. */
const UNREAD_MS = 2_000;

/** Server-sent events (WHATWG HTML, section 9.2), with a bound on what the client has not read. */
export class EventStream {
  private readonly comment: NodeJS.Timeout;
  private ended = false;

  constructor(
    private readonly response: Response,
    private readonly buffer_bytes: number,
    onClose: () => void,
  ) {
    markStreamed(response);
    response.status(200).set({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    response.flushHeaders();
    this.comment = setInterval(() => response.write(': still here\n\n'), COMMENT_MS);
    const closed = (): void => {
      this.end();
      onClose();
    };
    // The client may be gone already; its maker holds the stream only after this.
    if (response.destroyed || response.closed) queueMicrotask(closed);
    else response.on('close', closed);
  }

  /** Resolves when its reader has room for more. */
  hasRoom(): Promise<void> {
    return hasRoom(() => (this.ended ? 0 : this.response.writableLength), this.buffer_bytes);
  }

  get isOver(): boolean {
    return this.ended;
  }

  send(event: string, id: string | null, data: object): void {
    if (this.ended) return;
    this.response.write(
      `event: ${event}\n${id === null ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`,
    );
    if (this.response.writableLength > this.buffer_bytes) this.response.destroy();
  }

  /** Ends it so that its reader comes back, to another manager, and not together with all others. */
  endForRestart(): void {
    if (this.ended) return;
    this.response.write(`retry: ${Math.round(RECONNECT_MIN_MS + Math.random() * RECONNECT_SPREAD_MS)}\n\n`);
    this.end();
    // One that does not read would keep the server open.
    setTimeout(() => this.response.destroy(), UNREAD_MS).unref();
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    clearInterval(this.comment);
    this.response.end();
  }
}
