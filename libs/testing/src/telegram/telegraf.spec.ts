import { Telegraf, Telegram, TelegramError } from 'telegraf';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TelegramUser } from './people/telegram.user';
import { TelegramApi } from './telegram.api';
import type { TelegramBot } from './telegram.bot';

describe('telegraf 4.16 before the stand-in', () => {
  let api: TelegramApi;
  let bot: TelegramBot;
  let ada: TelegramUser;
  let telegram: Telegram;

  beforeEach(async () => {
    api = await TelegramApi.start({ clock: () => Date.parse('2026-11-27T12:00:00Z') });
    bot = api.bot();
    ada = api.user({ first_name: 'Ada' });
    telegram = new Telegram(bot.token, { apiRoot: api.url });
  });
  afterEach(async () => {
    const { violations } = api;
    await api.stop();
    expect(violations).toEqual([]);
  });

  it('sends, edits and deletes', async () => {
    ada.says(bot, '/start');
    const { message_id } = await telegram.sendMessage(ada.id, 'hello', {
      entities: [{ type: 'bold', offset: 0, length: 5 }],
      link_preview_options: { is_disabled: true },
      reply_markup: { inline_keyboard: [[{ text: 'Yes', callback_data: 'yes' }]] },
    });
    await telegram.editMessageText(ada.id, message_id, undefined, 'hello there');
    expect(api.chat(bot, ada).replies).toMatchObject([
      { text: 'hello there', edits: [{ text: 'hello there' }] },
    ]);
    await telegram.deleteMessage(ada.id, message_id);
    expect(api.chat(bot, ada).replies).toEqual([]);
  });

  it('calls a method that it is too old to know', async () => {
    ada.says(bot, '/start');
    const call = telegram.callApi.bind(telegram) as (method: string, payload: object) => Promise<unknown>;
    expect(await call('sendMessageDraft', { chat_id: ada.id, draft_id: 1, text: 'hel' })).toBe(true);
    expect(api.chat(bot, ada).draft()?.text).toBe('hel');
  });

  it('sends a form with a file', async () => {
    const certificate = { source: Buffer.from('-----BEGIN CERTIFICATE-----') };
    await telegram.setWebhook('https://bots.example.org/telegram', {
      certificate,
      max_connections: 7,
      allowed_updates: ['message'],
    });
    expect(await telegram.getWebhookInfo()).toMatchObject({
      has_custom_certificate: true,
      max_connections: 7,
      allowed_updates: ['message'],
    });
    expect(api.journal.of('setWebhook')[0]?.params['certificate']).toMatchObject({ bytes: 27 });
  });

  it('understands what it is refused', async () => {
    const error: unknown = await telegram.sendMessage(1, 'hello').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TelegramError);
    expect(error).toMatchObject({ code: 400, description: 'Bad Request: chat not found' });
    ada.says(bot, '/start');
    const sends = Array.from({ length: 4 }, () => telegram.sendMessage(ada.id, 'hello'));
    const [refused] = (await Promise.allSettled(sends)).filter(({ status }) => status === 'rejected');
    expect(refused).toMatchObject({ reason: { code: 429, parameters: { retry_after: expect.any(Number) } } });
  });

  it('polls, handles and answers', async () => {
    const app = new Telegraf(bot.token, { telegram: { apiRoot: api.url } });
    app.start((context) => context.reply(`Welcome, ${context.from.first_name}`));
    app.action('yes', (context) => context.answerCbQuery('Done'));
    const stopped = app.launch();
    ada.says(bot, '/start');
    await api.until(() => api.chat(bot, ada).texts.includes('Welcome, Ada'), 'the bot has answered');
    app.stop();
    await stopped;
  });
});
