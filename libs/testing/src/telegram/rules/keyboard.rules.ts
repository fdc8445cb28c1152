import type { Json } from '../json';
import type { RequestParams } from '../http/request.params';
import { badRequest } from '../telegram.refusal';

/** https://core.telegram.org/bots/api#inlinekeyboardbutton: exactly one of these. */
const ACTIONS = [
  ...[
    'url',
    'callback_data',
    'web_app',
    'login_url',
    'switch_inline_query',
    'switch_inline_query_current_chat',
  ],
  ...['switch_inline_query_chosen_chat', 'copy_text', 'callback_game', 'pay'],
];

const MOST_BUTTONS = 100;
const LONGEST_CALLBACK_DATA = 64;

/** The parameter `reply_markup`; undefined without. @throws {TelegramRefusal} 400 when it is none. */
export function replyMarkup(params: RequestParams): Json | undefined {
  const markup = params.json('reply_markup');
  if (markup === undefined || Object.keys(markup).length === 0) return undefined;
  if ('inline_keyboard' in markup)
    checkButtons(rowsOf(markup['inline_keyboard'], 'inline'), checkInlineButton);
  else if ('keyboard' in markup) checkButtons(rowsOf(markup['keyboard'], 'reply'), checkText);
  else if (markup['remove_keyboard'] !== true && markup['force_reply'] !== true)
    throw badRequest("can't parse reply keyboard markup JSON object");
  return markup;
}

/** An inline keyboard without buttons is none. */
export function inlineKeyboard(markup: Json | undefined): Json | undefined {
  const rows = markup?.['inline_keyboard'] as Json[][] | undefined;
  const filled = rows?.filter((row) => row.length > 0) ?? [];
  return filled.length > 0 ? { inline_keyboard: filled } : undefined;
}

function rowsOf(rows: unknown, kind: string): Json[][] {
  if (!Array.isArray(rows)) throw badRequest(`${kind} keyboard must be of type Array`);
  if (!rows.every(Array.isArray)) throw badRequest(`row of ${kind} keyboard must be of type Array`);
  return rows as Json[][];
}

function checkButtons(rows: Json[][], check: (button: Json) => void): void {
  const buttons = rows.flat();
  if (buttons.length > MOST_BUTTONS) throw badRequest('REPLY_MARKUP_TOO_LONG');
  for (const button of buttons) check(button);
}

function checkText(button: Json): void {
  if (typeof button === 'string') return;
  if (typeof button['text'] !== 'string' || button['text'].trim() === '')
    throw badRequest('keyboard button text must be non-empty');
}

function checkInlineButton(button: Json): void {
  checkText(button);
  const actions = ACTIONS.filter((action) => button[action] !== undefined);
  if (actions.length === 0) throw badRequest('text buttons are unallowed in the inline keyboard');
  if (actions.length > 1) throw badRequest('inline keyboard button must have exactly one action');
  const { callback_data, url } = button as { callback_data?: string; url?: string };
  if (callback_data !== undefined) {
    const bytes = Buffer.byteLength(callback_data);
    if (bytes < 1 || bytes > LONGEST_CALLBACK_DATA) throw badRequest('BUTTON_DATA_INVALID');
  }
  if (url !== undefined && !/^(?:https?|tg):\/\/\S+$/.test(url))
    throw badRequest(`inline keyboard button URL '${url}' is invalid: Wrong HTTP URL`);
}
