import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Json } from '../json';
import { readParams, type SentParams } from './request.body';
import type { TelegramBot } from '../telegram.bot';
import { dispatch, refusal } from './telegram.dispatch';
import type { TelegramFault, TelegramFaults } from '../telegram.faults';
import type { JournalEntry, TelegramJournal } from '../telegram.journal';
import { TelegramRefusal } from '../telegram.refusal';
import type { TelegramWorld } from '../telegram.world';

/** `https://api.telegram.org` on a loopback port. */
export class TelegramServer {
  private readonly server: Server;

  constructor(
    private readonly world: TelegramWorld,
    private readonly faults: TelegramFaults,
    private readonly journal: TelegramJournal,
  ) {
    this.server = createServer((request, response) => {
      this.handle(request, response).catch((error: unknown) => {
        if (!response.destroyed && !response.headersSent) send(response, refusal(error));
      });
    });
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, '127.0.0.1', resolve);
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://telegram');
    const [, token, method] = /^\/bot([^/]+)\/(\w+)$/.exec(decodeURIComponent(pathname)) ?? [];
    const sent = await readParams(request, response, searchParams);
    if (!token || !method || !/^\d+:[\w-]{30,}$/.test(token)) throw new TelegramRefusal(404, 'Not Found');
    const bot = this.world.botOf(token);
    if (!bot) throw new TelegramRefusal(401, 'Unauthorized');
    await this.answer(response, bot, method, sent);
  }

  private async answer(
    response: ServerResponse,
    bot: TelegramBot,
    method: string,
    sent: SentParams,
  ): Promise<void> {
    const fault = this.faults.take(method, bot, sent.values);
    const entry: JournalEntry = this.journal.add({
      at: this.world.clock(),
      bot_id: bot.id,
      method,
      params: sent.values,
      answer: null,
      status: 0,
      ...(fault ? { fault: fault.kind } : {}),
    });
    const ready = await this.carriedOut(response, bot, method, sent, fault);
    if (!ready) return;
    entry.answer = ready;
    entry.status = send(response, ready);
  }

  /** The answer to send; null when there is to be none. */
  private async carriedOut(
    response: ServerResponse,
    bot: TelegramBot,
    method: string,
    sent: SentParams,
    fault: TelegramFault | undefined,
  ): Promise<Json | null> {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const request = { bot, method, sent, gone: gone.signal };
    switch (fault?.kind) {
      case undefined: {
        const answer = await dispatch(this.world, request);
        return gone.signal.aborted ? null : answer;
      }
      case 'error': {
        const { code, description, parameters } = fault;
        return refusal(new TelegramRefusal(code, description, parameters));
      }
      case 'lost_answer':
        await dispatch(this.world, request);
        cut(response);
        return null;
      case 'reset':
        cut(response);
        return null;
      case 'hang':
        this.faults.hang(() => cut(response));
        return null;
    }
  }
}

function send(response: ServerResponse, answer: Json): number {
  const status = answer['ok'] === true ? 200 : (answer['error_code'] as number);
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(answer));
  return status;
}

const cut = (response: ServerResponse): void => void response.socket?.resetAndDestroy();
