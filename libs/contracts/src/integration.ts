import { z } from 'zod';

export const integrationTypes = ['telegram'] as const;
export type IntegrationType = (typeof integrationTypes)[number];

/** An agent's connection to an outside messenger, as the gateway that keeps it sees it. */
export const IntegrationStatus = z.object({
  agent_id: z.string(),
  type: z.enum(integrationTypes),
  /** What was asked for last; it survives restarts. */
  desired: z.enum(['started', 'stopped']),
  state: z.enum(['stopped', 'starting', 'running', 'stopping', 'failed']),
  /** Null until the messenger has said who the bot is. */
  bot_username: z.string().nullable(),
  mode: z.enum(['polling', 'webhook']),
  /** ISO 8601; null when none ever came. */
  last_update_at: z.string().nullable(),
  /** Updates not answered yet. */
  backlog: z.int().min(0),
  /** `at` is ISO 8601; `detail` names the remedy and holds no secret. */
  last_error: z.object({ at: z.string(), code: z.string(), detail: z.string() }).nullable(),
});
export type IntegrationStatus = z.infer<typeof IntegrationStatus>;
