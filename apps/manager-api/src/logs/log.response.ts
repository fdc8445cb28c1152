import { anySignal } from 'any-signal';
import type { Response } from 'express';
import { once } from 'node:events';
import { markStreamed } from '../http/streamed';

export type LogFormat = 'events' | 'text';

/** Why a stream of lines is over. */
export type LogEnd =
  | 'instance_ended'
  | 'limit_reached'
  | 'unavailable'
  | 'unauthorized'
  | 'shutting_down'
  /** There is nobody left to say it to. */
  | 'client_left';

/** Milliseconds between two comments that keep proxies from closing a silent stream. */
const COMMENT_MS = 15_000;
/** Milliseconds a client may take to read what it was sent before it is cut off. */
const UNREAD_MS = 30_000;
/** Milliseconds it has for what was written before the end. */
const LAST_UNREAD_MS = 2_000;

/** Lines as server-sent events or as plain text, written no faster than they are read. */
export class LogResponse {
  private readonly comment: NodeJS.Timeout;

  constructor(
    private readonly response: Response,
    private readonly format: LogFormat,
    instance_id: string,
  ) {
    const type = format === 'events' ? 'text/event-stream' : 'text/plain';
    markStreamed(response);
    response.status(200).set({
      'content-type': `${type}; charset=utf-8`,
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-instance-id': instance_id,
    });
    response.flushHeaders();
    this.comment = setInterval(() => this.keepAlive(), COMMENT_MS).unref();
    // Plain text has no comments: whether its reader is still there, its socket must tell.
    response.socket?.setKeepAlive(true, COMMENT_MS);
  }

  /** @returns the bytes written, once there is room for more or `signal` aborts. */
  async line(line: string, signal: AbortSignal): Promise<number> {
    if (this.response.destroyed) return 0;
    const text = this.format === 'events' ? eventOf('line', { line }) : `${line}\n`;
    if (!this.response.write(text)) await this.room(signal);
    return Buffer.byteLength(text);
  }

  /** Says why, where the format can: plain text that ends early is cut off, so that it does not look whole. */
  end(reason: LogEnd): void {
    clearInterval(this.comment);
    if (this.response.destroyed) return;
    if (this.format === 'text' && reason !== 'instance_ended') return void this.response.destroy();
    if (this.format === 'events') this.response.write(eventOf('end', { reason }));
    this.response.end();
    // One that does not read would keep the server open.
    setTimeout(() => this.response.destroy(), LAST_UNREAD_MS).unref();
  }

  private async room(signal: AbortSignal): Promise<void> {
    const until = anySignal([signal, AbortSignal.timeout(UNREAD_MS)]);
    try {
      await once(this.response, 'drain', { signal: until });
    } catch {
      if (!signal.aborted) this.response.destroy();
    } finally {
      until.clear();
    }
  }

  private keepAlive(): void {
    if (this.format === 'events' && !this.response.writableNeedDrain) this.response.write(': still here\n\n');
  }
}

const eventOf = (event: string, data: object): string => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
