import { answerCallbackQuery, deleteMyCommands, getMe, getMyCommands, setMyCommands } from './bot.methods';
import { sendChatAction, sendMessageDraft } from './hint.methods';
import { deleteMessage, editMessageReplyMarkup, editMessageText, sendMessage } from './message.methods';
import type { Method } from './method';
import { deleteWebhook, getUpdates, getWebhookInfo, setWebhook } from './update.methods';

const methods: Record<string, Method> = {
  answerCallbackQuery,
  deleteMessage,
  deleteMyCommands,
  deleteWebhook,
  editMessageReplyMarkup,
  editMessageText,
  getMe,
  getMyCommands,
  getUpdates,
  getWebhookInfo,
  sendChatAction,
  sendMessage,
  sendMessageDraft,
  setMyCommands,
  setWebhook,
};

/** As Telegram finds it, whatever the case of its letters; undefined when the stand-in does not play it. */
export function findMethod(name: string): { name: string; run: Method } | undefined {
  const found = Object.entries(methods).find(([known]) => known.toLowerCase() === name.toLowerCase());
  return found && { name: found[0], run: found[1] };
}
