import type { Json } from './json';
import type { TelegramApi } from './telegram.api';
import type { TelegramBot } from './telegram.bot';

export interface BotAnswer {
  status: number;
  body: Json;
  /** Of an answer that is `ok`. */
  result: any;
  /** `400 Bad Request: …` of one that is not; empty otherwise. */
  refused: string;
}

/** Calls a method as a bot does that has nothing but fetch. */
export async function call(
  api: TelegramApi,
  { token }: Pick<TelegramBot, 'token'>,
  method: string,
  params: Json = {},
  signal: AbortSignal = AbortSignal.timeout(20_000),
): Promise<BotAnswer> {
  const answer = await fetch(`${api.url}/bot${token}/${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(params),
    signal,
  });
  const body = (await answer.json()) as Json;
  return {
    status: answer.status,
    body,
    result: body['result'],
    refused: body['ok'] === true ? '' : `${body['error_code']} ${body['description']}`,
  };
}

/** The texts of the messages among these updates. */
export const textsOf = (updates: Json[]): unknown[] => updates.map((update) => update['message']?.text);
