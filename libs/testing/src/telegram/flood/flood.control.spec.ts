import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { call } from '../bot.client';
import type { FloodOptions } from './flood.control';
import { TelegramApi } from '../telegram.api';
import type { TelegramBot } from '../telegram.bot';
import type { TelegramUser } from '../people/telegram.user';

describe('flood control', () => {
  let now: number;
  let api: TelegramApi;
  let bot: TelegramBot;
  let ada: TelegramUser;

  beforeEach(() => begin());
  afterEach(() => api.stop());

  async function begin(flood: Partial<FloodOptions> = {}) {
    now = Date.parse('2026-11-27T12:00:00Z');
    api = await TelegramApi.start({ clock: () => now, flood });
    bot = api.bot();
    ada = api.user();
    ada.says(bot, '/start');
  }
  const send = (chat_id = ada.id) => call(api, bot, 'sendMessage', { chat_id, text: 'hello' });
  const waits = async (chat_id = ada.id): Promise<number> =>
    (await send(chat_id)).body['parameters']?.retry_after ?? 0;
  async function times(count: number, act: () => Promise<{ status: number }>) {
    const statuses: number[] = [];
    for (let done = 0; done < count; done++) statuses.push((await act()).status);
    return statuses;
  }

  it('lets a short burst pass, and answers 429 with the seconds to wait', async () => {
    expect(await times(3, send)).toEqual([200, 200, 200]);
    const { status, body } = await send();
    expect([status, body]).toEqual([
      429,
      {
        ok: false,
        error_code: 429,
        description: 'Too Many Requests: retry after 3',
        parameters: { retry_after: 3 },
      },
    ]);
    expect(api.journal.answered(429)).toHaveLength(1);
    expect(api.chat(bot, ada).texts).toHaveLength(3);
  });

  it('lets whoever has waited go on', async () => {
    await times(3, send);
    now += (await waits()) * 1_000;
    expect(await waits()).toBe(0);
  });

  it('waits longer with whoever does not, counted from the last try', async () => {
    await times(3, send);
    expect([await waits(), await waits(), await waits()]).toEqual([3, 6, 12]);
    now += 11_000;
    expect(await waits()).toBe(24);
    now += 24_000;
    expect(await waits()).toBe(0);
    await times(2, send);
    expect(await waits()).toBe(3);
  });

  it('never asks for more than its longest wait', async () => {
    await api.stop();
    await begin({ longest_seconds: 5 });
    await times(3, send);
    expect([await waits(), await waits(), await waits()]).toEqual([3, 5, 5]);
  });

  it('counts edits as messages', async () => {
    const { message_id } = (await send()).result;
    let edits = 0;
    const edit = () =>
      call(api, bot, 'editMessageText', { chat_id: ada.id, message_id, text: `edit ${edits++}` });
    expect(await times(3, edit)).toEqual([200, 200, 429]);
  });

  it('keeps chats apart, and bots', async () => {
    const bob = api.user();
    bob.says(bot, '/start');
    await times(4, send);
    expect(await waits(bob.id)).toBe(0);
    const other = api.bot();
    ada.says(other, '/start');
    expect((await call(api, other, 'sendMessage', { chat_id: ada.id, text: 'hello' })).status).toBe(200);
  });

  it('lets 20 messages a minute into a group', async () => {
    const group = api.group({ bots: [bot] });
    expect(await times(20, () => send(group.id))).not.toContain(429);
    expect(await waits(group.id)).toBe(60);
  });

  it('lets 30 messages a second out of a bot', async () => {
    const people = Array.from({ length: 31 }, () => api.user());
    for (const one of people) one.says(bot, '/start');
    const statuses: number[] = [];
    for (const { id } of people) statuses.push((await send(id)).status);
    expect(statuses.filter((status) => status === 429)).toHaveLength(1);
    expect(statuses.at(-1)).toBe(429);
  });

  it.each([
    [false, 0],
    [true, 3],
  ])('counts drafts and typing among messages when told so: %s', async (hints_are_messages, seconds) => {
    await api.stop();
    await begin({ hints_are_messages });
    await call(api, bot, 'sendChatAction', { chat_id: ada.id, action: 'typing' });
    await call(api, bot, 'sendMessageDraft', { chat_id: ada.id, draft_id: 1, text: 'x' });
    await times(2, send);
    expect((await api.journal.of('sendMessage').at(-1)?.answer?.['parameters']?.retry_after) ?? 0).toBe(
      seconds,
    );
  });

  it('has a limit of its own for drafts and typing', async () => {
    const typing = () => call(api, bot, 'sendChatAction', { chat_id: ada.id, action: 'typing' });
    expect((await times(11, typing)).indexOf(429)).toBe(10);
    expect(await waits()).toBe(0);
  });
});
