import { z } from 'zod';
import { Citation } from './citation';
import { agentStates } from './status';
import { RunTimeline } from './timeline';

/** Characters (UTF-16 units) one message may have. */
export const MESSAGE_CONTENT_MAX = 32_000;
/** Bytes one inbound frame may have, as JSON. */
export const FRAME_BYTES_MAX = 256 * 1024;
/** Bytes of `user_data`, as JSON. */
export const USER_DATA_BYTES_MAX = 8 * 1024;

const scalar = z.union([z.string().max(2_000), z.number(), z.boolean(), z.null()]);
const UserData = z
  .record(z.string().max(100), scalar)
  .refine(
    (data) => JSON.stringify(data).length <= USER_DATA_BYTES_MAX,
    `at most ${USER_DATA_BYTES_MAX} bytes`,
  );

/** What a chat client sends as one message; `type` is absent on Socket.IO, where the event's name says it. */
export const MessageInput = z.strictObject({
  type: z.literal('message').optional(),
  content: z
    .string()
    .max(MESSAGE_CONTENT_MAX)
    .refine((text) => text.trim() !== '', 'must hold more than white space')
    .meta({ description: 'The text of the message.', example: 'What are your opening hours?' }),
  user_data: UserData.optional().meta({
    description:
      'What the channel knows of the user: a flat object. Kept as a claim unless the credential may assert users.',
    example: { first_name: 'Ada' },
  }),
  channel: z
    .string()
    .min(1)
    .max(40)
    .optional()
    .meta({ description: 'Where the user writes from.', example: 'web' }),
  thread_id: z
    .string()
    .max(64)
    .optional()
    .meta({ description: 'The thread to write to; it binds an unbound connection.' }),
  client_message_id: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .meta({ description: 'Makes a repeat harmless: the same id gets the same answer.', example: '5c1f-17' }),
});
export type MessageInput = z.infer<typeof MessageInput>;

/** Ends what the thread of the connection still owes; `type` is absent on Socket.IO, where the event's name says it. */
export const CancelInput = z.strictObject({ type: z.literal('cancel').optional() });
export type CancelInput = z.infer<typeof CancelInput>;

export const MessageObject = z.object({
  id: z.string(),
  role: z.enum(['user', 'assistant']),
  content: z.string(),
  created_at: z.string().meta({ description: 'RFC 3339, UTC.' }),
  in_reply_to: z
    .string()
    .nullable()
    .meta({ description: 'The message this one answers; null on a message of a user.' }),
  truncated: z.literal(true).optional().meta({
    description:
      'Present when the text was too long for a frame: this is its beginning, `GET /threads/{thread_id}/messages` has the whole.',
  }),
  interrupted: z
    .boolean()
    .optional()
    .meta({ description: 'True on an answer that was cancelled: `content` is what was said until then.' }),
  citations: z.array(Citation).optional().meta({
    description:
      'What an answer rests on, when it rests on a knowledge base: `[1]` in `content` is the first.',
  }),
  joined_message_ids: z
    .array(z.string())
    .optional()
    .meta({ description: 'Earlier messages that this reply answers, too (`on_busy: collect`).' }),
});
export type MessageObject = z.infer<typeof MessageObject>;

/** Where a frame stands: both null only before the connection is bound to a thread. */
const place = {
  thread_id: z.string().nullable(),
  event_id: z.string().nullable().meta({
    description:
      '`<log_epoch>.<stream_id>`. Come back with the last one seen to get exactly what was missed.',
  }),
};

export const MessageFrame = z.object({
  type: z.literal('message'),
  content: z.string(),
  message_object: MessageObject,
  ...place,
});
export const StatusFrame = z.object({
  type: z.literal('status'),
  message: z.string(),
  content: z.string().meta({ description: 'Equals `message`.' }),
  code: z.string(),
  state: z.enum(agentStates),
  agent_id: z.string(),
  queue_position: z.int().min(1).nullable().meta({
    description:
      'Which one in the queue of starts the agent is, from 1; null while it does not wait for its turn.',
  }),
  ...place,
});
export const ErrorFrame = z.object({
  type: z.literal('error'),
  message: z.string(),
  content: z.string().meta({ description: 'Equals `message`.' }),
  code: z.string(),
  message_id: z
    .string()
    .nullable()
    .meta({ description: 'The message of the user that failed, where there is one.' }),
  ...place,
});
export const TokenFrame = z.object({
  type: z.literal('token'),
  content: z.string(),
  message_id: z.string().meta({ description: 'The message of the user that is being answered.' }),
  ...place,
});
/** What a run does besides asking the model for its answer. */
export const runSteps = ['retrieving', 'grading', 'rewriting', 'generating', 'summarizing'] as const;
export type RunStep = (typeof runSteps)[number];

export const RunFrame = z.object({
  type: z.literal('run'),
  content: z.string(),
  run_id: z.string(),
  state: z.enum(['started', 'working', 'retrying', 'paused', 'completed', 'failed', 'cancelled']),
  message_id: z.string(),
  step: z
    .enum(runSteps)
    .optional()
    .meta({ description: 'What the run does now; with `working`. `content` says it in words.' }),
  timeline: RunTimeline.optional().meta({
    description: 'Where the time went; with `completed` and `failed`.',
  }),
  ...place,
});
export const ToolFrame = z.object({
  type: z.literal('tool'),
  content: z.string(),
  name: z.string(),
  state: z.enum(['started', 'completed', 'failed']),
  message_id: z.string(),
  ...place,
});
export const ApprovalRequestFrame = z.object({
  type: z.literal('approval_request'),
  content: z.string(),
  approval_id: z.string(),
  message_id: z.string(),
  tool: z.string(),
  arguments: z.record(z.string(), z.unknown()),
  truncated: z.literal(true).optional().meta({
    description:
      'Present when the arguments were too long for a frame: `GET /threads/{thread_id}/approvals` has them.',
  }),
  expires_at: z.string().meta({ description: 'RFC 3339, UTC: from then on it counts as rejected.' }),
  ...place,
});
export const AuthorizationRequestFrame = z.object({
  type: z.literal('authorization_request'),
  content: z.string().meta({ description: 'What the user is asked.' }),
  message_id: z.string().meta({ description: 'The message of the user that is being answered.' }),
  fields: z
    .array(z.string())
    .meta({ description: 'What to find out, by the names it will have in `user_data`.' }),
  ...place,
});
export const UserMessageFrame = z.object({
  type: z.literal('user_message'),
  content: z.string(),
  message_object: MessageObject,
  ...place,
});
export const ResyncFrame = z.object({
  type: z.literal('resync'),
  content: z.string(),
  messages: z
    .array(MessageObject)
    .meta({ description: 'The transcript, oldest first, at most the last 200.' }),
  ...place,
});

export const OutboundFrame = z.discriminatedUnion('type', [
  MessageFrame,
  StatusFrame,
  ErrorFrame,
  TokenFrame,
  RunFrame,
  ToolFrame,
  ApprovalRequestFrame,
  AuthorizationRequestFrame,
  UserMessageFrame,
  ResyncFrame,
]);
export type OutboundFrame = z.infer<typeof OutboundFrame>;
export type StatusFrame = z.infer<typeof StatusFrame>;
export type ErrorFrame = z.infer<typeof ErrorFrame>;
export type ResyncFrame = z.infer<typeof ResyncFrame>;
export type ApprovalRequestFrame = z.infer<typeof ApprovalRequestFrame>;

type Unplaced<Frame> = Frame extends unknown ? Omit<Frame, 'thread_id' | 'event_id'> : never;

/** A frame as it stands in a thread's log; its place is known once it has been appended. */
export type LoggedFrame = Unplaced<
  Extract<
    OutboundFrame,
    {
      type:
        | 'message'
        | 'error'
        | 'token'
        | 'run'
        | 'tool'
        | 'approval_request'
        | 'authorization_request'
        | 'user_message';
    }
  >
>;

/** The types every client understands; anything else reaches a client that did not ask for more as `status`. */
export const plainFrameTypes: readonly OutboundFrame['type'][] = ['message', 'status', 'error'];
