import type { Json } from '../json';
import { badRequest } from '../telegram.refusal';
import type { Method, MethodCall } from './method';

const MOST_COMMANDS = 100;
/** Telegram names no figure; a press is answered in seconds or not at all. */
const QUERY_LIVES_MS = 15 * 60 * 1_000;

export const getMe: Method = ({ bot }) => bot.me;

export const setMyCommands: Method = ({ bot, params }) => {
  const commands = (params.list('commands') ?? []) as Json[];
  if (commands.length > MOST_COMMANDS) throw badRequest('BOT_COMMANDS_TOO_MUCH');
  for (const { command, description } of commands) {
    if (!/^\/?[a-z0-9_]{1,32}$/.test(String(command))) throw badRequest('BOT_COMMAND_INVALID');
    const length = typeof description === 'string' ? description.length : 0;
    if (length < 1 || length > 256) throw badRequest('BOT_COMMAND_DESCRIPTION_INVALID');
  }
  bot.commands.set(keyOf(params), commands);
  return true;
};

export const getMyCommands: Method = ({ bot, params }) => bot.commands.get(keyOf(params)) ?? [];

export const deleteMyCommands: Method = ({ bot, params }) => {
  bot.commands.delete(keyOf(params));
  return true;
};

export const answerCallbackQuery: Method = ({ world, bot, params }) => {
  const query = world.callbacks.get(params.string('callback_query_id'));
  if (query?.bot_id !== bot.id || world.clock() - query.asked_at > QUERY_LIVES_MS)
    throw badRequest('query is too old and response timeout expired or query ID is invalid');
  if (params.string('text').length > 200) throw badRequest('MESSAGE_TOO_LONG');
  query.answers.push({ text: params.string('text'), show_alert: params.boolean('show_alert') });
  return true;
};

function keyOf(params: MethodCall['params']): string {
  const language = params.string('language_code');
  if (!/^(?:[a-z]{2})?$/.test(language)) throw badRequest('invalid language code specified');
  const { type = 'default', chat_id, user_id } = params.json('scope') ?? {};
  return JSON.stringify([type, chat_id ?? null, user_id ?? null, language]);
}
