import { z } from 'zod';
import { ToolCalls } from './agent-tool';
import { ApprovalDecision, ApprovalRequest } from './approval';
import { Citation } from './citation';
import { RunTimeline } from './timeline';
import { TokenUsage } from './usage';

/** One accepted message on its way to a runner. */
export const InboxEntry = z.object({
  message_id: z.string(),
  thread_id: z.string(),
  content: z.string(),
  channel: z.string(),
  /** Null unless a trusted party vouched for it. */
  user_id: z.string().nullable(),
  user_data: z.record(z.string(), z.unknown()),
  /** What an untrusted client said of itself; never fills a tool's placeholders. */
  claimed: z.record(z.string(), z.unknown()),
  /** The configuration that was current when the message was accepted. */
  version: z.int(),
  /** True when this message opened the thread, so that nothing can be remembered of it; absent means unknown. */
  opens_thread: z.boolean().optional(),
  /** Milliseconds of the Unix epoch, by the database's clock. */
  accepted_at: z.number(),
  /**
   * How often runs of the thread had paused for approval when this was sent; absent means never. An entry that was
   * sent before the last pause is out of turn: it is sent again when its turn has come.
   */
  pauses: z.int().optional(),
  /**
   * How often something had been erased from the thread when this was sent; absent means never. What an instance
   * remembers of the thread from before the last time is out of date.
   */
  erasures: z.int().optional(),
  /** All decisions on what earlier runs of this message asked; absent when nothing was. */
  approvals: z.array(ApprovalDecision).optional(),
  /** Of the trace that the run goes on with (W3C Trace Context); absent while traces are off. */
  traceparent: z.string().max(64).optional(),
});
export type InboxEntry = z.infer<typeof InboxEntry>;

const answered = {
  message_id: z.string(),
  thread_id: z.string(),
  run_id: z.string(),
  generation: z.int(),
  /** Absent when the instance does not know how it came up. */
  timeline: RunTimeline.optional(),
  /** Earlier messages that were joined into the run and end with it, in order; absent when there is none. */
  joined_message_ids: z.array(z.string()).optional(),
  /** Tokens by kind of call, however the run ended; absent when none were counted. */
  token_usage: z.array(TokenUsage).optional(),
  /** Calls of tools that this instance made, by type; absent when it made none. */
  tool_calls: z.array(ToolCalls).optional(),
  /** Of the run (W3C Trace Context); absent while traces are off. */
  traceparent: z.string().max(64).optional(),
};

/** What became of one message, or of several joined into one run. Refused by the manager when the generation is not the agent's current one. */
export const RunnerReport = z.discriminatedUnion('outcome', [
  z.object({
    outcome: z.literal('completed'),
    ...answered,
    content: z.string(),
    usage: z.object({ input_tokens: z.int(), output_tokens: z.int() }).nullable(),
    /** What the answer rests on; absent when it rests on no knowledge base. */
    citations: z.array(Citation).optional(),
  }),
  z.object({ outcome: z.literal('failed'), ...answered, code: z.string(), detail: z.string() }),
  /** Stopped on request; `content` is what was streamed until then, empty when the run had said nothing. */
  z.object({ outcome: z.literal('cancelled'), ...answered, content: z.string() }),
  /** Waits until somebody has decided on all of `approvals`; `content` is what was said until then. */
  z.object({
    outcome: z.literal('paused'),
    ...answered,
    content: z.string(),
    approvals: z.array(ApprovalRequest).min(1),
  }),
]);
export type RunnerReport = z.infer<typeof RunnerReport>;

/** Written every {@link HEARTBEAT_INTERVAL_MS}; its key lives for {@link HEARTBEAT_LIFE_MS}. */
export const Heartbeat = z.object({
  instance_id: z.string(),
  generation: z.int(),
  running_version: z.int(),
  /** Messages under way in this instance. */
  message_ids: z.array(z.string()),
  /** Those of them whose run has begun: should the instance be killed now, one of these may have done it. */
  begun_ids: z.array(z.string()).optional(),
});
export type Heartbeat = z.infer<typeof Heartbeat>;

export const HEARTBEAT_INTERVAL_MS = 5_000;
export const HEARTBEAT_LIFE_MS = 20_000;

/** Told to the agent's instance: none of these messages is to be answered any more. */
export const CancelRuns = z.object({ message_ids: z.array(z.string()) });
export type CancelRuns = z.infer<typeof CancelRuns>;

/** Told to the agent's instance: what it remembers of this thread is erased. */
export const ThreadForgotten = z.object({ thread_id: z.string() });
export type ThreadForgotten = z.infer<typeof ThreadForgotten>;

/** Sent to every manager when a credential stops being valid. */
export const CredentialRevoked = z.object({ api_key_id: z.string() });
export type CredentialRevoked = z.infer<typeof CredentialRevoked>;
