import { topicFields, writableChat } from '../rules/chat.rules';
import { formattedText } from '../rules/text.rules';
import { badRequest } from '../telegram.refusal';
import type { Method } from './method';

const ACTIONS = new Set([
  ...['typing', 'upload_photo', 'record_video', 'upload_video', 'record_voice', 'upload_voice'],
  ...['upload_document', 'choose_sticker', 'find_location', 'record_video_note', 'upload_video_note'],
]);

export const sendMessageDraft: Method = ({ world, bot, params, note }) => {
  const chat = writableChat(world, bot, params);
  if (!chat.isPrivate) throw badRequest('TEXTDRAFT_PEER_INVALID');
  const draft_id = params.integer('draft_id');
  if (draft_id === 0) throw badRequest('invalid draft identifier specified');
  const { message_thread_id } = topicFields(chat, params);
  const draft = formattedText(params, note, { mayBeEmpty: true });
  world.flood?.admit(bot.id, chat, 'hint');
  const topic = message_thread_id === undefined ? {} : { message_thread_id };
  chat.drafts.add({ draft_id, ...draft, ...topic, at: world.clock() });
  return true;
};

export const sendChatAction: Method = ({ world, bot, params }) => {
  const chat = writableChat(world, bot, params);
  const action = params.string('action');
  if (!ACTIONS.has(action)) throw badRequest('wrong parameter action in request');
  const { message_thread_id } = topicFields(chat, params);
  world.flood?.admit(bot.id, chat, 'hint');
  const topic = message_thread_id === undefined ? {} : { message_thread_id };
  chat.actions.add({ action, ...topic, at: world.clock() });
  return true;
};
