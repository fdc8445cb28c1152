import { anySignal } from 'any-signal';
import { Telegram, TelegramError } from 'telegraf';
import type { ApiOutcome } from '../metrics/gateway.metrics';
import type { BotApiMethods } from './bot-api.methods';
import { BotApiRefusal, BotApiSilence } from './bot-api.error';

/** Milliseconds a call may take that does not wait by itself. */
const CALL_MS = 15_000;

/** Called by name alone: methods newer than telegraf go the same way. */
type RawCall = (method: string, payload: object, options: { signal: AbortSignal }) => Promise<unknown>;

/** The Bot API for one bot, over telegraf's client. What it throws holds neither the token nor what was sent. */
export class BotApi {
  private readonly rawCall: RawCall;

  constructor(
    token: string,
    api_root: string,
    private readonly onCalled: (method: string, outcome: ApiOutcome) => void = () => undefined,
  ) {
    // Without a slash at its end a path in it would be dropped.
    const apiRoot = api_root.replace(/\/*$/, '/');
    const telegram = new Telegram(token, { apiRoot, webhookReply: false });
    this.rawCall = telegram.callApi.bind(telegram) as unknown as RawCall;
  }

  /**
   * Calls a method once; there are no repeats but the caller's.
   * @throws {BotApiRefusal} Telegram said no.
   * @throws {BotApiSilence} no answer within `wait_ms` milliseconds: unknown whether it was done.
   */
  async call<Method extends keyof BotApiMethods>(
    method: Method,
    payload: BotApiMethods[Method]['payload'],
    { wait_ms = CALL_MS, signal }: { wait_ms?: number; signal?: AbortSignal } = {},
  ): Promise<BotApiMethods[Method]['result']> {
    const ends = anySignal([AbortSignal.timeout(wait_ms), signal]);
    try {
      const result = await this.rawCall(method, payload, { signal: ends });
      this.onCalled(method, 'ok');
      return result as BotApiMethods[Method]['result'];
    } catch (error) {
      const known = told(error);
      // Ended by us, as polling is on a shutdown: Telegram is not to blame.
      if (!signal?.aborted) this.onCalled(method, outcomeOf(known));
      throw known;
    } finally {
      ends.clear();
    }
  }
}

/** Gateways and proxies in front of Telegram: nobody can tell what became of the call. */
const isSilence = (code: number): boolean => code >= 500;

function outcomeOf(error: Error): ApiOutcome {
  if (!(error instanceof BotApiRefusal)) return 'silent';
  return error.code === 429 ? 'rate_limited' : 'refused';
}

function told(error: unknown): Error {
  if (error instanceof TelegramError) {
    const { code, description, parameters } = error;
    if (isSilence(code)) return new BotApiSilence(`it answered ${code}`);
    return new BotApiRefusal(
      code,
      description,
      parameters?.retry_after ?? null,
      parameters?.migrate_to_chat_id ?? null,
    );
  }
  const { code, name } = error as { code?: unknown; name?: unknown };
  return new BotApiSilence([code, name].find((word) => typeof word === 'string') ?? 'unknown');
}

/** The bot a token belongs to, the part before the colon; null for what is no token. */
export function botIdOf(token: string): number | null {
  const id = Number(/^(\d{1,16}):[A-Za-z0-9_-]+$/.exec(token)?.[1] ?? Number.NaN);
  return Number.isSafeInteger(id) ? id : null;
}
