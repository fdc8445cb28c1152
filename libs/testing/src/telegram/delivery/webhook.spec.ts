import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { call, textsOf } from '../bot.client';
import type { Json } from '../json';
import type { TelegramUser } from '../people/telegram.user';
import { TelegramApi } from '../telegram.api';
import type { TelegramBot } from '../telegram.bot';

interface Delivered {
  update: Json;
  headers: IncomingHttpHeaders;
  answer: (status: number, body?: object, headers?: Record<string, string>) => void;
}

describe('a webhook', () => {
  const delivered: Delivered[] = [];
  let answersItself = true;
  const hook = createServer((request, response: ServerResponse) => {
    void json(request).then((update) => {
      const answer: Delivered['answer'] = (status, body, headers) => {
        response.writeHead(status, headers);
        response.end(body ? JSON.stringify(body) : '');
      };
      delivered.push({ update: update as Json, headers: request.headers, answer });
      if (answersItself) answer(200);
    });
  });
  let api: TelegramApi;
  let bot: TelegramBot;
  let ada: TelegramUser;
  let url: string;

  beforeEach(async () => {
    delivered.length = 0;
    answersItself = true;
    await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
    const { port } = hook.address() as AddressInfo;
    url = `http://127.0.0.1:${port}/telegram`;
    await begin();
  });
  afterEach(async () => {
    const { violations } = api;
    await api.stop();
    hook.closeAllConnections();
    await new Promise((resolve) => hook.close(resolve));
    expect(violations).toEqual([]);
  });

  async function begin(webhook = {}) {
    api = await TelegramApi.start({ webhook: { first_retry_ms: 5, longest_retry_ms: 20, ...webhook } });
    bot = api.bot();
    ada = api.user();
  }
  const arrived = (count: number) =>
    api.until(() => delivered.length >= count && delivered, `${count} updates arrive`);
  const texts = () => textsOf(delivered.map(({ update }) => update));
  const info = async () => (await call(api, bot, 'getWebhookInfo')).result;

  it('gets what waited and what comes, with its secret', async () => {
    ada.says(bot, 'before');
    expect((await call(api, bot, 'setWebhook', { url, secret_token: 'a_secret-1' })).result).toBe(true);
    ada.says(bot, 'after');
    await arrived(2);
    expect(texts()).toEqual(['before', 'after']);
    expect(delivered[0]?.headers['x-telegram-bot-api-secret-token']).toBe('a_secret-1');
    await api.until(() => bot.pending === 0, 'both are confirmed');
  });

  it('gets an update until it answers with 2xx, and says meanwhile what was wrong', async () => {
    answersItself = false;
    await call(api, bot, 'setWebhook', { url });
    ada.says(bot, 'hello');
    for (const [count, status] of [500, 403, 302].entries())
      (await arrived(count + 1)).at(-1)?.answer(status);
    const fourth = (await arrived(4)).at(-1);
    expect(await info()).toMatchObject({
      url,
      pending_update_count: 1,
      last_error_message: 'Wrong response from the webhook: 302 Found',
    });
    fourth?.answer(204);
    await api.until(() => bot.pending === 0, 'the update is confirmed');
    expect(texts()).toEqual(['hello', 'hello', 'hello', 'hello']);
    expect(api.webhookAttempts.map(({ attempt, status }) => [attempt, status])).toEqual([
      [1, 500],
      [2, 403],
      [3, 302],
      [4, 204],
    ]);
  });

  it('is waited for as long as its Retry-After says', async () => {
    answersItself = false;
    await call(api, bot, 'setWebhook', { url });
    ada.says(bot, 'hello');
    const asked = performance.now();
    (await arrived(1))[0]?.answer(503, undefined, { 'retry-after': '1' });
    await arrived(2);
    expect(performance.now() - asked).toBeGreaterThan(950);
  });

  it('keeps its updates while nobody listens there', async () => {
    await new Promise((resolve) => hook.close(resolve));
    await call(api, bot, 'setWebhook', { url });
    ada.says(bot, 'hello');
    await api.until(() => bot.webhook.last_error, 'it has failed');
    expect(await info()).toMatchObject({ pending_update_count: 1, last_error_message: 'Connection refused' });
    await new Promise<void>((resolve) => hook.listen(Number(new URL(url).port), '127.0.0.1', resolve));
    await arrived(1);
  });

  it('gets the updates of one chat one after the other, and those of several at once up to its limit', async () => {
    answersItself = false;
    await call(api, bot, 'setWebhook', { url, max_connections: 2 });
    const [bob, eve] = [api.user(), api.user()];
    ada.says(bot, 'ada 1');
    ada.says(bot, 'ada 2');
    bob.says(bot, 'bob 1');
    eve.says(bot, 'eve 1');
    await arrived(2);
    expect(texts().sort()).toEqual(['ada 1', 'bob 1']);
    delivered.find(({ update }) => update['message'].text === 'ada 1')?.answer(200);
    await arrived(3);
    expect(texts().slice(2)).toEqual(['ada 2']);
    for (const { answer } of delivered.slice(1)) answer(200);
    await arrived(4);
    expect(texts().at(-1)).toBe('eve 1');
  });

  it('does not have the method in its answer carried out', async () => {
    answersItself = false;
    await call(api, bot, 'setWebhook', { url });
    ada.says(bot, 'hello');
    (await arrived(1))[0]?.answer(200, { method: 'sendMessage', chat_id: ada.id, text: 'hi' });
    await api.until(
      () => api.webhookAttempts.find(({ reply }) => reply === 'sendMessage'),
      'the answer is seen',
    );
    expect(api.chat(bot, ada).texts).toEqual([]);
  });

  it('has the method in its answer carried out when the test asks for that', async () => {
    await api.stop();
    await begin({ honour_replies: true });
    answersItself = false;
    await call(api, bot, 'setWebhook', { url });
    ada.says(bot, 'hello');
    (await arrived(1))[0]?.answer(200, { method: 'sendMessage', chat_id: ada.id, text: 'hi' });
    await api.until(() => api.chat(bot, ada).texts.includes('hi'), 'the reply is shown');
  });

  it('may have a public address that the test finds on this machine, and is nowhere otherwise', async () => {
    await call(api, bot, 'setWebhook', { url: 'https://bots.example.org/telegram' });
    ada.says(bot, 'hello');
    await api.until(() => bot.webhook.last_error, 'it has failed');
    expect((await info()).last_error_message).toBe('Failed to resolve host: Name or service not known');

    await api.stop();
    await begin({ find: ({ pathname }: URL) => new URL(pathname, url) });
    await call(api, bot, 'setWebhook', { url: 'https://bots.example.org/telegram' });
    ada.says(bot, 'hello');
    await arrived(1);
  });

  it.each([
    ['http://bots.example.org/', {}, 'bad webhook: An HTTPS URL must be provided for webhook'],
    [
      'https://bots.example.org:8444/',
      {},
      'bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443',
    ],
    [
      'https://bots.example.org/',
      { secret_token: 'with space' },
      'secret token contains unallowed characters',
    ],
    ['https://bots.example.org/', { secret_token: 'x'.repeat(257) }, 'secret token is too long'],
  ])('is not set to %s with %j', async (wrong, more, why) => {
    expect((await call(api, bot, 'setWebhook', { url: wrong, ...more })).refused).toBe(
      `400 Bad Request: ${why}`,
    );
    expect((await info()).url).toBe('');
  });

  it.each(['setWebhook', 'deleteWebhook'])('starts without the backlog when %s drops it', async (method) => {
    ada.says(bot, 'old');
    await call(api, bot, method, { ...(method === 'setWebhook' ? { url } : {}), drop_pending_updates: true });
    expect(bot.pending).toBe(0);
  });
});
