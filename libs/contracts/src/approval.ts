import { createHash } from 'node:crypto';
import { z } from 'zod';

/** Bytes of edited arguments, as JSON. */
export const APPROVAL_ARGUMENTS_BYTES_MAX = 64 * 1024;
/** Characters of the reason given with a decision. */
export const APPROVAL_REASON_MAX = 2_000;

export const approvalDecisions = ['approve', 'edit', 'reject'] as const;

/** `pending` until decided; `expired` counts as rejected; `cancelled` with the message it belongs to. */
export const approvalStates = ['pending', 'approved', 'edited', 'rejected', 'expired', 'cancelled'] as const;
export type ApprovalState = (typeof approvalStates)[number];

const Arguments = z.record(z.string(), z.unknown());

/** One call of a tool that a run may not make before somebody allowed it. */
export const ApprovalRequest = z.object({
  approval_id: z.string(),
  tool: z.string(),
  arguments: Arguments,
});
export type ApprovalRequest = z.infer<typeof ApprovalRequest>;

/** What became of an {@link ApprovalRequest}, on its way to the run that waits for it. */
export const ApprovalDecision = z.object({
  approval_id: z.string(),
  decision: z.enum(approvalDecisions),
  /** With `edit`: the call is made with these. */
  arguments: Arguments.optional(),
  /** With `reject`: the model is told. */
  reason: z.string().optional(),
});
export type ApprovalDecision = z.infer<typeof ApprovalDecision>;

/** What a chat client decides; `type` is absent on Socket.IO, where the event's name says it. */
export const ApprovalInput = z.strictObject({
  type: z.literal('approval').optional(),
  approval_id: z.string().max(64).meta({ description: 'From the `approval_request` frame.' }),
  decision: z.enum(approvalDecisions).meta({
    description: '`approve` makes the call, `edit` makes it with `arguments`, `reject` does not make it.',
  }),
  arguments: Arguments.optional().meta({ description: 'With `edit`: what the call is made with, whole.' }),
  reason: z
    .string()
    .max(APPROVAL_REASON_MAX)
    .optional()
    .meta({ description: 'With `reject`: why; the model is told.' }),
});
export type ApprovalInput = z.infer<typeof ApprovalInput>;

/**
 * The id of the request for one call: however often the run is repeated, it asks under the same one. A call of another
 * tool or with other arguments at the same place is another call, which nobody has allowed yet.
 * @param idempotency_key of the call
 */
export const approvalId = (idempotency_key: string, tool: string, args: Record<string, unknown>): string =>
  `apr_${createHash('sha256')
    .update(JSON.stringify([idempotency_key, tool, args]))
    .digest('base64')
    .replace(/[^A-Za-z0-9]/g, '')
    .slice(0, 22)}`;
