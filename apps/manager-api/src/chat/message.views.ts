import {
  errorCatalogue,
  type ErrorCode,
  isErrorCode,
  type LoggedFrame,
  type MessageObject,
} from '@roost/contracts';
import type { MessageDto } from '@roost/contracts/rest';
import type { MessageEntity } from './message.entity';

export const toMessageObject = (message: MessageEntity): MessageObject => ({
  id: message.id,
  role: message.role,
  content: message.content,
  created_at: message.created_at.toISOString(),
  in_reply_to: message.in_reply_to,
  ...(message.citations ? { citations: message.citations } : {}),
  ...(message.interrupted ? { interrupted: true } : {}),
});

export const toMessageDto = (message: MessageEntity): MessageDto => ({
  ...toMessageObject(message),
  status: message.status,
  error_code: message.error_code,
  timeline: message.timeline,
  interrupted: message.interrupted,
  joined_into: message.joined_into,
});

/** A reply as it stands in the thread's log, with the earlier messages that it answers, too. */
export const replyFrame = (reply: MessageEntity, joined_message_ids: string[] = []): LoggedFrame => ({
  type: 'message',
  content: reply.content,
  message_object: {
    ...toMessageObject(reply),
    ...(joined_message_ids.length > 0 ? { joined_message_ids } : {}),
  },
});

export const userMessageFrame = (message: MessageObject): LoggedFrame => ({
  type: 'user_message',
  content: message.content,
  message_object: message,
});

/** A failure as it stands in the thread's log. */
export function failureFrame(message_id: string, code: string, detail: string): LoggedFrame {
  const known: ErrorCode = isErrorCode(code) ? code : 'run_failed';
  const text = `${errorCatalogue[known].title}. ${detail}`.trim();
  return { type: 'error', message: text, content: text, code: known, message_id };
}
