import { z } from 'zod';

/** What a reply waited for, in order; together they make its `total_ms`. */
export const timelineSpans = ['queue', 'schedule', 'boot', 'ready', 'first_token', 'last_token'] as const;
export type TimelineSpan = (typeof timelineSpans)[number];

const span = (description: string) =>
  z
    .int()
    .min(0)
    .meta({ description: `${description} Milliseconds.` });

/**
 * Where the time of one run went. The spans follow on each other without gaps, so that they add up to `total_ms`:
 * the time from the message being accepted to the last token of its answer.
 */
export const RunTimeline = z.object({
  accepted_at: z
    .string()
    .meta({ description: "When the message was accepted. RFC 3339, the database's clock." }),
  wake: z.enum(['none', 'cold', 'pool']).meta({
    description:
      'Whether the message waited for an instance: `none` when one was ready, `cold` when one was started, `pool` when one that had been started before was claimed.',
  }),
  queue_ms: span('Waited for its turn: for a start to be allowed, and for the runner to take it up.'),
  schedule_ms: span('From asking for an instance to its process being started.'),
  boot_ms: span('From the start of the process to it having exchanged its code.'),
  ready_ms: span('From there to it reading its inbox.'),
  first_token_ms: span('From the runner taking the message up to the first token.'),
  last_token_ms: span('From the first token to the last.')
    .nullable()
    .meta({ description: 'From the first token to the last; null without tokens. Milliseconds.' }),
  total_ms: span('The sum of the spans.'),
  clock_skewed: z.boolean().meta({
    description:
      "True when the runner's clock contradicts the database's by more than 20 ms: spans of waiting are then bounds.",
  }),
});
export type RunTimeline = z.infer<typeof RunTimeline>;

/** How an instance came up, in milliseconds of the Unix epoch by the database's clock. */
export interface WakeInstants {
  /** A start was asked for and allowed; for an instance of the warm pool, it was claimed. */
  launched_at: number;
  exchanged_at: number;
  /** It came from the warm pool: its process was there before. */
  pooled: boolean;
  /** Now: for the runner to tell how far its own clock is off. */
  clock: number;
}

export interface ReadyRequest {
  /** Milliseconds since the runner's process was made. */
  uptime_ms?: number | undefined;
}

/** Answer to the news that an instance is ready; both in milliseconds of the Unix epoch by the database's clock. */
export interface ReadyResponse {
  /** When the news came the first time. */
  ready_at: number;
  /** Now: for the runner to tell how far its own clock is off. */
  clock: number;
}
