import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface JournalEntry {
  method: string;
  /** Path with query. */
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface JournalAnswer {
  status?: number;
  headers?: Record<string, string>;
  body?: string;
}

/** A real HTTP server for tools to call, which keeps a journal: the oracle for "called once". */
export class JournalServer {
  readonly journal: JournalEntry[] = [];
  /** Requests whose caller went away before they were answered. */
  abandoned = 0;
  /** What it answers; a promise that never resolves keeps the caller waiting. */
  answer: (entry: JournalEntry) => JournalAnswer | Promise<JournalAnswer> = () => ({ body: 'done' });
  private readonly server: Server;

  constructor() {
    this.server = createServer((request, response) => {
      void (async () => {
        const { method = '', url = '', headers } = request;
        const entry = { method, url, headers, body: await text(request) };
        this.journal.push(entry);
        response.once('close', () => (this.abandoned += response.writableFinished ? 0 : 1));
        const { status = 200, headers: answered = {}, body = '' } = await this.answer(entry);
        response.writeHead(status, { 'content-type': 'text/plain', ...answered }).end(body);
      })().catch(() => response.destroy());
    });
  }

  static async start(): Promise<JournalServer> {
    const journal = new JournalServer();
    journal.server.listen(0, '127.0.0.1');
    await once(journal.server, 'listening');
    return journal;
  }

  /** `host:port`, as an allow-list names it. */
  get host(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get origin(): string {
    return `http://${this.host}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

export const never = <Value>(): Promise<Value> => new Promise(() => undefined);
