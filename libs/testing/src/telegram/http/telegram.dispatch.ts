import type { Json } from '../json';
import { findMethod } from '../methods';
import type { SentParams } from './request.body';
import { RequestParams } from './request.params';
import type { TelegramBot } from '../telegram.bot';
import { TelegramRefusal } from '../telegram.refusal';
import type { TelegramWorld } from '../telegram.world';

/** One request of a bot whose token is right. */
export interface BotRequest {
  bot: TelegramBot;
  method: string;
  sent: SentParams;
  gone: AbortSignal;
}

/** Carries a request out, and holds it and its answer against the published description. */
export async function dispatch(world: TelegramWorld, { bot, method, sent, gone }: BotRequest): Promise<Json> {
  const note = (what: string): void => void world.violations.add(`${method}: ${what}`);
  const found = findMethod(method);
  for (const fault of world.description?.requestFaults(found?.name ?? method, sent) ?? [])
    world.violations.add(fault);
  try {
    if (!found) {
      note('the stand-in does not play it');
      throw new TelegramRefusal(404, 'Not Found: method not found');
    }
    const params = new RequestParams(sent.values);
    const result = await found.run({ world, bot, params, gone, note });
    // What a test has put into the queue itself may be of any shape.
    const faults = found.name === 'getUpdates' ? [] : world.description?.answerFaults(found.name, result);
    for (const fault of faults ?? []) world.violations.add(fault);
    return { ok: true, result };
  } catch (error) {
    if (!(error instanceof TelegramRefusal)) note(`the stand-in failed: ${String(error)}`);
    return refusal(error);
  }
}

/** How Telegram answers what it refuses; anything else is a fault of the stand-in, said aloud. */
export function refusal(error: unknown): Json {
  if (!(error instanceof TelegramRefusal)) {
    const { stack = String(error) } = error as Error;
    return { ok: false, error_code: 500, description: `Internal Server Error: ${stack}` };
  }
  const { code, description, parameters } = error;
  return { ok: false, error_code: code, description, ...(parameters ? { parameters } : {}) };
}
