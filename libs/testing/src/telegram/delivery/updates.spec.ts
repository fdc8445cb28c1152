import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { call, textsOf } from '../bot.client';
import { TelegramApi } from '../telegram.api';
import type { TelegramBot } from '../telegram.bot';
import type { TelegramUser } from '../people/telegram.user';

describe('getUpdates', () => {
  let now = Date.parse('2026-11-27T12:00:00Z');
  let api: TelegramApi;
  let bot: TelegramBot;
  let ada: TelegramUser;

  beforeEach(async () => {
    api = await TelegramApi.start({ clock: () => now, queue_limit: 5 });
    bot = api.bot();
    ada = api.user({ first_name: 'Ada', language_code: 'en' });
  });
  afterEach(async () => {
    const { violations } = api;
    await api.stop();
    expect(violations).toEqual([]);
  });

  const poll = (params = {}) => call(api, bot, 'getUpdates', params);

  it('yields an update again and again until a higher offset confirms it', async () => {
    ada.says(bot, 'one');
    ada.says(bot, 'two');
    const first = await poll();
    expect(textsOf(first.result)).toEqual(['one', 'two']);
    expect(textsOf((await poll()).result)).toEqual(['one', 'two']);
    const offset = Number(first.result[0].update_id) + 1;
    expect(textsOf((await poll({ offset })).result)).toEqual(['two']);
    expect(textsOf((await poll()).result)).toEqual(['two']);
    expect(first.result[1].update_id).toBe(offset);
  });

  it('yields as many as asked for, 100 at most', async () => {
    ada.says(bot, 'one');
    ada.says(bot, 'two');
    expect(textsOf((await poll({ limit: 1 })).result)).toEqual(['one']);
    expect(textsOf((await poll({ limit: 1_000 })).result)).toEqual(['one', 'two']);
  });

  it('waits for an update and answers as soon as it is there', async () => {
    const waiting = poll({ timeout: 50 });
    await api.until(() => bot.poll.isOpen, 'the poll is open');
    ada.says(bot, 'hello');
    expect(textsOf((await waiting).result)).toEqual(['hello']);
  });

  it('answers with nothing after its timeout', async () => {
    expect((await poll({ timeout: 1 })).result).toEqual([]);
  });

  it('ends an open poll with 409 when another one comes, and goes on with the other', async () => {
    const first = poll({ timeout: 50 });
    await api.until(() => bot.poll.isOpen, 'the poll is open');
    const second = poll({ timeout: 50 });
    expect((await first).refused).toBe(
      '409 Conflict: terminated by other getUpdates request; make sure that only one bot instance is running',
    );
    ada.says(bot, 'hello');
    expect(textsOf((await second).result)).toEqual(['hello']);
  });

  it('leaves the polls of other bots alone', async () => {
    const waiting = poll({ timeout: 50 });
    await api.until(() => bot.poll.isOpen, 'the poll is open');
    await call(api, api.bot(), 'getUpdates');
    ada.says(bot, 'hello');
    expect((await waiting).status).toBe(200);
  });

  it('keeps what came while the caller of an open poll had gone', async () => {
    const caller = new AbortController();
    const left = call(api, bot, 'getUpdates', { timeout: 50 }, caller.signal);
    await api.until(() => bot.poll.isOpen, 'the poll is open');
    caller.abort();
    await expect(left).rejects.toThrow();
    await api.until(() => !bot.poll.isOpen, 'the poll is over');
    ada.says(bot, 'hello');
    expect(textsOf((await poll()).result)).toEqual(['hello']);
  });

  it('is refused with 409 while a webhook is set, and ended by setting one', async () => {
    const waiting = poll({ timeout: 50 });
    await api.until(() => bot.poll.isOpen, 'the poll is open');
    await call(api, bot, 'setWebhook', { url: 'https://bots.example.org/telegram' });
    expect((await waiting).refused).toBe('409 Conflict: terminated by setWebhook request');
    expect((await poll()).refused).toBe(
      "409 Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
    );
    await call(api, bot, 'deleteWebhook');
    expect((await poll()).status).toBe(200);
  });

  it('counts a negative offset from the end, and forgets what is before it', async () => {
    for (const text of ['one', 'two', 'three']) ada.says(bot, text);
    expect(textsOf((await poll({ offset: -2 })).result)).toEqual(['two', 'three']);
    expect(textsOf((await poll()).result)).toEqual(['two', 'three']);
  });

  it('queues only types that were asked for, and remembers them', async () => {
    await poll({ allowed_updates: ['edited_message'] });
    const message = ada.says(bot, 'one');
    ada.edits(bot, message, 'won');
    const { result } = await poll();
    expect(result.map((update: object) => Object.keys(update)[1])).toEqual(['edited_message']);
    await poll({ allowed_updates: [] });
    ada.says(bot, 'two');
    expect(bot.pending).toBe(2);
  });

  it('forgets an update after 24 hours', async () => {
    ada.says(bot, 'yesterday');
    now += 23 * 3_600_000;
    ada.says(bot, 'today');
    now += 3_600_001;
    expect(textsOf((await poll()).result)).toEqual(['today']);
  });

  it('loses nothing to an old offset when the ids begin anew after a quiet week', async () => {
    ada.says(bot, 'before');
    const offset = Number((await poll()).result[0].update_id) + 1;
    await poll({ offset });
    bot.idlesAWeek(5_000);
    ada.says(bot, 'after');
    const { result } = await poll({ offset });
    expect([result[0].update_id, result[0].message.text]).toEqual([5_000, 'after']);
  });

  it('yields updates twice and in another order when told to', async () => {
    api.faults.duplicateUpdates(bot);
    ada.says(bot, 'one');
    api.faults.reorderUpdates(bot, 2);
    ada.says(bot, 'two');
    expect(bot.pending).toBe(2);
    ada.says(bot, 'three');
    const { result } = await poll();
    expect(textsOf(result)).toEqual(['one', 'one', 'three', 'two']);
    expect(result[0].update_id).toBe(result[1].update_id);
    expect(result[2].update_id).toBeGreaterThan(result[3].update_id);
  });

  it('takes any update a test makes up', async () => {
    const update_id = bot.deliver({ poll: { id: '1' } });
    expect((await poll()).result).toEqual([{ update_id, poll: { id: '1' } }]);
  });

  it('tells the test when nobody takes the updates', () => {
    for (let count = 0; count < 5; count++) ada.says(bot, 'hello');
    expect(() => ada.says(bot, 'one more')).toThrow('5 updates wait for a bot that takes none');
  });

  it('knows its bots by their tokens alone', async () => {
    const { token } = bot;
    expect((await call(api, bot, 'getMe')).result).toMatchObject({
      id: bot.id,
      username: bot.username,
      is_bot: true,
    });
    bot.revokeToken();
    expect((await call(api, { token }, 'getMe')).refused).toBe('401 Unauthorized');
    expect((await call(api, { token: 'nonsense' }, 'getMe')).refused).toBe('404 Not Found');
    expect((await call(api, bot, 'GETME')).status).toBe(200);
    expect(JSON.stringify(api.journal.entries)).not.toContain(token);
  });
});
