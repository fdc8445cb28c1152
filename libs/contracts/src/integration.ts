import { z } from 'zod';

/** Messengers an agent can be connected to. */
export const integrationTypes = ['telegram'] as const;
export type IntegrationType = (typeof integrationTypes)[number];

/** How a bot gets its updates. */
export const telegramModes = ['polling', 'webhook'] as const;
/** Which messages of groups a bot answers; `mention` is those that name it or reply to it. */
export const telegramGroups = ['off', 'mention', 'all'] as const;
/** How an answer is shown while it is written. */
export const telegramStreaming = ['off', 'draft', 'edit'] as const;

/** An agent as a Telegram bot; complete and validated, the bot's token taken out. */
export interface TelegramIntegration {
  type: 'telegram';
  mode: (typeof telegramModes)[number];
  /** Said on /start; null takes the service's own words. */
  welcome_message: string | null;
  /** Chats the bot talks to, by Telegram's ids; null for all. */
  allowed_chats: number[] | null;
  groups: (typeof telegramGroups)[number];
  streaming: (typeof telegramStreaming)[number];
}

export type Integration = TelegramIntegration;

/** An agent's integration as the gateway needs it; the token is in clear and kept in memory only. */
export interface IntegrationRuntime {
  agent_id: string;
  agent_name: string;
  /** False for a disabled agent: nothing of its bot is served. */
  enabled: boolean;
  version: number;
  integration: TelegramIntegration;
  /** The agent's own token; null where the gateway's default counts. */
  bot_token: string | null;
}

export const integrationStates = ['stopped', 'starting', 'running', 'stopping', 'failed'] as const;

/** An agent's connection to an outside messenger, as the gateway that keeps it sees it. */
export const IntegrationStatus = z.object({
  agent_id: z.string(),
  type: z.enum(integrationTypes),
  /** What was asked for last; it survives restarts. */
  desired: z.enum(['started', 'stopped']),
  state: z.enum(integrationStates),
  /** Null until the messenger has said who the bot is. */
  bot_username: z.string().nullable(),
  mode: z.enum(telegramModes),
  /** ISO 8601; null when none ever came. */
  last_update_at: z.string().nullable(),
  /** Updates not answered yet. */
  backlog: z.int().min(0),
  /** `at` is ISO 8601; `detail` names the remedy and holds no secret. */
  last_error: z.object({ at: z.string(), code: z.string(), detail: z.string() }).nullable(),
});
export type IntegrationStatus = z.infer<typeof IntegrationStatus>;
