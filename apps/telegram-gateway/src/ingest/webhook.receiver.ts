import { createHash, randomBytes } from 'node:crypto';
import type { BotApi } from '../bot-api/bot-api.client';
import type { BotsRepository } from '../bots/bots.repository';
import { allowedUpdates } from './allowed.updates';
import { isOver, pause, waitAfter } from './pause';
import type { ReceiverEvents } from './polling.receiver';

/** Requests at a time: one after the other keeps the order of a chat. */
const CONNECTIONS = 1;

export interface Webhook {
  bot_id: number;
  holder: string;
  /** The gateway as Telegram reaches it. */
  origin: string;
  /** What Telegram has to say each time; the same one may be told again. */
  secret_token: string;
  signal: AbortSignal;
}

export const webhookPath = (bot_id: number): string => `/telegram/webhooks/${bot_id}`;

/** A new one for each gateway that takes a bot. */
export const newSecret = (): string => randomBytes(32).toString('base64url');

export const hashSecret = (secret: string): Buffer => createHash('sha256').update(secret).digest();

/**
 * Tells Telegram where to send a bot's updates, with a secret that it has to say each time; repeats that until it has
 * worked. Any gateway may receive them.
 */
export async function receiveByWebhook(
  api: BotApi,
  bots: BotsRepository,
  { bot_id, holder, origin, secret_token, signal }: Webhook,
  events: ReceiverEvents,
): Promise<void> {
  for (let failures = 1; !signal.aborted; failures += 1) {
    try {
      // First: Telegram may begin to send before it has answered.
      if (!(await bots.setWebhookSecret(bot_id, holder, hashSecret(secret_token)))) return events.lost();
      // Not cut short: what Telegram was told late would come after what it is told next.
      await api.call('setWebhook', {
        url: new URL(webhookPath(bot_id), origin).href,
        secret_token,
        max_connections: CONNECTIONS,
        allowed_updates: allowedUpdates,
      });
      events.working();
      return;
    } catch (error) {
      if (isOver(signal)) return;
      events.failing(error as Error);
      await pause(waitAfter(error, failures), signal);
    }
  }
}
