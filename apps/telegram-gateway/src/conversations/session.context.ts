import type { TelegramIntegration } from '@roost/contracts';
import type { Logger } from 'pino';
import type { BotApi } from '../bot-api/bot-api.client';
import type { UpdatesRepository } from '../ingest/updates.repository';
import type { ManagerClient } from '../manager/manager.client';
import type { OutgoingRepository } from '../outbox/outgoing.repository';
import type { SendingBudget } from '../outbox/sending.budget';
import type { ConversationsRepository } from './conversations.repository';

/** All that serving one bot stands on. */
export interface SessionContext {
  bot_id: number;
  username: string;
  agent_id: string;
  holder: string;
  /** May change while the bot is served. */
  integration: TelegramIntegration;
  signal: AbortSignal;
  api: BotApi;
  budget: SendingBudget;
  manager: ManagerClient;
  updates: UpdatesRepository;
  outgoing: OutgoingRepository;
  conversations: ConversationsRepository;
  logger: Logger;
  /** Telegram asked for a pause of so many milliseconds. */
  refused: (chat_id: number, wait_ms: number) => Promise<void>;
  /** There is something new in the outbox. */
  look: () => void;
}
