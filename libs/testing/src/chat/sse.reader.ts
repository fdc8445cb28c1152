import type { OutboundFrame } from '@roost/contracts';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { FrameLog } from './frame.log';

export interface SseRequest {
  method?: 'GET' | 'POST';
  key?: string | null;
  last_event_id?: string;
  body?: object;
}

export interface SseEvent {
  event: string | undefined;
  id: string | undefined;
  data: unknown;
}

/** A client of server-sent events. */
export class SseReader extends FrameLog {
  readonly events: SseEvent[] = [];
  /** Resolves when the stream has ended, whoever ended it. */
  readonly ended: Promise<void>;

  private constructor(
    readonly answer: Response,
    private readonly abort: AbortController,
  ) {
    super();
    this.ended = this.read().catch(() => undefined);
  }

  /** Resolves with the head of the answer; rejects unless it is an event stream. */
  static async open(url: string, request: SseRequest = {}): Promise<SseReader> {
    const { method = 'GET', key, last_event_id, body } = request;
    const abort = new AbortController();
    const tooLate = setTimeout(() => abort.abort(new Error(`${method} ${url}: no answer in 15 s`)), 15_000);
    const answer = await fetch(url, {
      method,
      signal: abort.signal,
      headers: {
        accept: 'text/event-stream',
        ...(key ? { authorization: `Bearer ${key}` } : {}),
        ...(last_event_id === undefined ? {} : { 'last-event-id': last_event_id }),
        ...(body ? { 'content-type': 'application/json' } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    clearTimeout(tooLate);
    if (!answer.headers.get('content-type')?.startsWith('text/event-stream')) {
      throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
    }
    return new SseReader(answer, abort);
  }

  close(): void {
    this.abort.abort();
  }

  private async read(): Promise<void> {
    const stream = this.answer.body
      ?.pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream());
    if (!stream) return;
    for await (const { event, id, data } of stream) {
      const parsed: unknown = JSON.parse(data);
      this.events.push({ event, id, data: parsed });
      if (event !== 'accepted') this.add(parsed as OutboundFrame);
    }
  }
}
