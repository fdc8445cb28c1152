import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { call } from './bot.client';
import type { TelegramUser } from './people/telegram.user';
import { TelegramApi } from './telegram.api';
import type { TelegramBot } from './telegram.bot';

describe('a fault', () => {
  let api: TelegramApi;
  let bot: TelegramBot;
  let ada: TelegramUser;

  beforeEach(async () => {
    api = await TelegramApi.start();
    bot = api.bot();
    ada = api.user();
    ada.says(bot, '/start');
  });
  afterEach(() => api.stop());

  const send = (text = 'hello', from = bot) => call(api, from, 'sendMessage', { chat_id: ada.id, text });
  const texts = () => api.chat(bot, ada).texts;

  it('refuses a request as told, and does nothing', async () => {
    api.faults.next('sendMessage', {
      kind: 'error',
      code: 429,
      description: 'Too Many Requests: retry after 7',
      parameters: { retry_after: 7 },
    });
    const { status, body } = await send();
    expect([status, body['parameters']]).toEqual([429, { retry_after: 7 }]);
    expect(texts()).toEqual([]);
    expect((await send()).status).toBe(200);
  });

  it('loses an answer after the message was sent', async () => {
    api.faults.next('sendMessage', { kind: 'lost_answer' });
    await expect(send()).rejects.toThrow('fetch failed');
    expect(texts()).toEqual(['hello']);
    expect(api.journal.of('sendMessage')).toMatchObject([{ fault: 'lost_answer', answer: null, status: 0 }]);
  });

  it('cuts the connection before anything was done', async () => {
    api.faults.next('sendMessage', { kind: 'reset' });
    await expect(send()).rejects.toThrow('fetch failed');
    expect(texts()).toEqual([]);
  });

  it('leaves a request without an answer until it is healed', async () => {
    api.faults.next('*', { kind: 'hang' });
    const hanging = send();
    await api.until(() => api.journal.of('sendMessage').length === 1, 'the request has come');
    expect((await send('another')).status).toBe(200);
    api.faults.heal();
    await expect(hanging).rejects.toThrow('fetch failed');
    expect(texts()).toEqual(['another']);
  });

  it('meets as many requests as planned, of the bot and with the parameters that were meant', async () => {
    const other = api.bot();
    ada.says(other, '/start');
    const error = { kind: 'error', code: 502, description: 'Bad Gateway' } as const;
    api.faults.next('sendMessage', error, { bot, times: 2, where: ({ text }) => text === 'unlucky' });
    const statuses = [];
    for (const [text, from] of [
      ['lucky', bot],
      ['unlucky', other],
      ['unlucky', bot],
      ['unlucky', bot],
      ['unlucky', bot],
    ] as const)
      statuses.push((await send(text, from)).status);
    expect(statuses).toEqual([200, 200, 502, 502, 200]);
  });
});

describe('the journal', () => {
  it('keeps the newest requests, and counts what it forgot', async () => {
    const api = await TelegramApi.start({ journal_limit: 3, clock: () => 42 });
    const bot = api.bot();
    for (const method of ['getMe', 'getMe', 'getMyCommands', 'getWebhookInfo', 'getMe'])
      await call(api, bot, method);
    expect(api.journal.entries.map(({ method }) => method)).toEqual([
      'getMyCommands',
      'getWebhookInfo',
      'getMe',
    ]);
    expect(api.journal.forgotten).toBe(2);
    expect(api.journal.of('getMe', bot)).toMatchObject([
      { at: 42, bot_id: bot.id, params: {}, status: 200, answer: { ok: true, result: { id: bot.id } } },
    ]);
    await api.stop();
  });

  it('shows the last requests when what a test waits for does not come', async () => {
    const api = await TelegramApi.start();
    await call(api, api.bot(), 'sendMessage', { chat_id: 1, text: 'x' });
    await expect(api.until(() => false, 'a miracle', 20)).rejects.toThrow(
      /^a miracle: not within 0\.02 s\. Last requests:\nsendMessage 400 {2}Bad Request: chat not found/,
    );
    await api.stop();
  });
});
