import type { BotApi } from '../bot-api/bot-api.client';
import { allowedUpdates } from './allowed.updates';
import { isOver, pause, waitAfter } from './pause';
import type { UpdatesRepository } from './updates.repository';

const BATCH = 100;
/** Milliseconds an answer may be late. */
const LATE_MS = 10_000;

export interface ReceiverEvents {
  /** Updates were committed. */
  received(): void;
  /** Telegram answered. */
  working(): void;
  failing(error: Error): void;
  /** The bot is to stop, or another gateway's: Telegram still has what it said last. */
  lost(): void;
}

export interface Polling {
  bot_id: number;
  holder: string;
  poll_seconds: number;
  signal: AbortSignal;
}

/**
 * Asks Telegram for updates until it is told to stop, or the bot is another gateway's. An update is committed before
 * the next question confirms it.
 */
export async function receiveByPolling(
  api: BotApi,
  updates: UpdatesRepository,
  { bot_id, holder, poll_seconds, signal }: Polling,
  events: ReceiverEvents,
): Promise<void> {
  let failures = 0;
  let webhookRemoved = false;
  while (!signal.aborted) {
    try {
      if (!webhookRemoved) {
        await api.call('deleteWebhook', { drop_pending_updates: false }, { signal });
        webhookRemoved = true;
        if (failures === 0) events.working();
      }
      const offset = await updates.nextUpdateId(bot_id);
      const batch = await api.call(
        'getUpdates',
        { offset, limit: BATCH, timeout: failures === 0 ? poll_seconds : 0, allowed_updates: allowedUpdates },
        { wait_ms: poll_seconds * 1_000 + LATE_MS, signal },
      );
      if (batch.length > 0) {
        if (!(await updates.receive(bot_id, batch, holder))) return events.lost();
        events.received();
      }
      failures = 0;
      events.working();
    } catch (error) {
      if (isOver(signal)) return;
      failures += 1;
      // Somebody may have set it again.
      webhookRemoved = false;
      events.failing(error as Error);
      await pause(waitAfter(error, failures), signal);
    }
  }
}
