import { createHash, randomBytes } from 'node:crypto';
import type { BotApi } from '../bot-api/bot-api.client';
import type { BotsRepository } from '../bots/bots.repository';
import { allowedUpdates } from './allowed.updates';
import { backoff, isOver, pause } from './pause';
import type { ReceiverEvents } from './polling.receiver';

/** Requests at a time: one after the other keeps the order of a chat. */
const CONNECTIONS = 1;

export interface Webhook {
  bot_id: number;
  holder: string;
  /** The gateway as Telegram reaches it. */
  origin: string;
  signal: AbortSignal;
}

export const webhookPath = (bot_id: number): string => `/telegram/webhooks/${bot_id}`;

export const hashSecret = (secret: string): Buffer => createHash('sha256').update(secret).digest();

/**
 * Tells Telegram where to send a bot's updates, with a new secret that it has to say each time; repeats that until it
 * has worked. Any gateway may receive them.
 */
export async function receiveByWebhook(
  api: BotApi,
  bots: BotsRepository,
  { bot_id, holder, origin, signal }: Webhook,
  events: ReceiverEvents,
): Promise<void> {
  const secret_token = randomBytes(32).toString('base64url');
  for (let failures = 1; !signal.aborted; failures += 1) {
    try {
      // First: Telegram may begin to send before it has answered.
      await bots.setWebhookSecret(bot_id, holder, hashSecret(secret_token));
      await api.call(
        'setWebhook',
        {
          url: new URL(webhookPath(bot_id), origin).href,
          secret_token,
          max_connections: CONNECTIONS,
          allowed_updates: allowedUpdates,
        },
        { signal },
      );
      events.working();
      return;
    } catch (error) {
      if (isOver(signal)) return;
      events.failing(error as Error);
      await pause(backoff(failures), signal);
    }
  }
}
