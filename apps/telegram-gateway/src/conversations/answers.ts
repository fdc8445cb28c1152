import type { Citation, MessageObject } from '@roost/contracts';
import type { InlineKeyboardMarkup, ReplyKeyboardMarkup } from 'telegraf/types';
import { byPlace, type FormattedText } from '../formatting/formatted.text';
import { formatReply } from '../formatting/reply.format';
import { intoParts, MESSAGE_MAX } from '../formatting/text.parts';
import type { OutgoingEntity } from '../outbox/outgoing.entity';
import type { OutgoingMessage } from '../outbox/outgoing.message';
import type { NewOutgoing } from '../outbox/outgoing.repository';
import { textsFor } from '../texts/texts';
import { buttonData, type Place } from './incoming';

/** Characters of the arguments that are shown with a request for approval. */
const ARGUMENTS_MAX = 3_000;

/** The agent's reply. The first part takes the place of the message that showed its beginning, if there is one. */
export function replyMessages(
  place: Place,
  { content, citations = [] }: Pick<MessageObject, 'content'> & { citations?: Citation[] | undefined },
  replaces: number | null,
): NewOutgoing[] {
  const { sources } = textsFor(place.user.language_code);
  return formatReply(content, citations, sources).map((part, index) =>
    outgoing(place, `reply:${index}`, part, index === 0 ? { replaces } : { reply_to: null }),
  );
}

export const welcomeMessages = (place: Place, welcome: string): NewOutgoing[] =>
  formatReply(welcome, [], '').map((part, index) => outgoing(place, `reply:${index}`, part));

/** A word of the service. */
export const serviceMessage = (
  place: Place,
  text: string,
  keyboard: OutgoingMessage['keyboard'] = null,
): NewOutgoing => outgoing(place, 'reply:0', { text, entities: [] }, { keyboard });

/** The call that somebody has to approve, with a button for each decision. */
export function approvalRequest(
  place: Place,
  call: { approval_id: string; tool: string; arguments: Record<string, unknown> },
): NewOutgoing {
  const texts = textsFor(place.user.language_code);
  const button = (text: string, decision: 'approve' | 'reject') => ({
    text,
    callback_data: buttonData(decision, call.approval_id),
  });
  const keyboard: InlineKeyboardMarkup = {
    inline_keyboard: [[button(texts.approve, 'approve'), button(texts.reject, 'reject')]],
  };
  return outgoing(place, `approval:${call.approval_id}`, shownCall(texts.approvalPrompt, call), { keyboard });
}

/** Takes the buttons away, and says what was decided. */
export const decisionNote = (place: Place, asked: OutgoingEntity, note: string): NewOutgoing =>
  outgoing(place, 'reply:0', { text: note, entities: [] }, { replaces: asked.message_id, reply_to: null });

/** Asks for the phone number; Telegram has such a button in private chats alone. */
export function authorizationRequest(place: Place, message_id: string, prompt: string): NewOutgoing[] {
  if (!place.is_private) return [];
  const texts = textsFor(place.user.language_code);
  const [text] = intoParts({ text: prompt.trim() || texts.contactPrompt, entities: [] });
  const keyboard: ReplyKeyboardMarkup = {
    keyboard: [[{ text: texts.contactButton, request_contact: true }]],
    resize_keyboard: true,
    one_time_keyboard: true,
  };
  return text ? [outgoing(place, `authorization:${message_id}`, text, { keyboard })] : [];
}

function shownCall(
  prompt: string,
  call: { tool: string; arguments: Record<string, unknown> },
): FormattedText {
  const values = JSON.stringify(call.arguments, null, 2);
  const shown = values.length > ARGUMENTS_MAX ? `${beginning(values, ARGUMENTS_MAX)}…` : values;
  const head = `${prompt}\n\n`;
  const text = beginning(`${head}${call.tool}\n${shown}`, MESSAGE_MAX);
  const tool = { type: 'bold' as const, offset: head.length, length: call.tool.length };
  const offset = head.length + call.tool.length + 1;
  const block = { type: 'pre' as const, language: 'json', offset, length: text.length - offset };
  return { text, entities: [tool, block].sort(byPlace) };
}

/** Cut between characters: half of one can neither be stored nor sent. */
const beginning = (text: string, units: number): string =>
  text.slice(0, units).replace(/[\ud800-\udbff]$/, '');

function outgoing(
  place: Place,
  name: string,
  { text, entities }: FormattedText,
  more: Partial<Pick<OutgoingMessage, 'keyboard' | 'replaces' | 'reply_to'>> = {},
): NewOutgoing {
  const message: OutgoingMessage = {
    text,
    entities,
    topic_id: place.topic_id,
    reply_to: place.is_private ? null : place.message_id,
    keyboard: null,
    replaces: null,
    ...more,
  };
  return { chat_id: place.chat_id, name, message };
}
