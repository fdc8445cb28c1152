import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { call } from '../bot.client';
import type { Json } from '../json';
import { TelegramApi } from '../telegram.api';
import { TelegramDescription } from './telegram.description';

const { description, reason } = TelegramDescription.read();

describe.skipIf(!description)(`the published description of the Bot API ${reason}`, () => {
  let api: TelegramApi;
  beforeEach(async () => void (api = await TelegramApi.start({ flood: 'off' })));
  afterEach(() => api.stop());

  it.each([
    ['an unknown method', 'sendTelepathy', {}, 'sendTelepathy: no such method'],
    [
      'an unknown parameter',
      'sendMessage',
      { chat_id: 1, text: 'x', reply_to_message_id: 2 },
      'must NOT have additional properties',
    ],
    ['a missing parameter', 'sendMessage', { chat_id: 1 }, "must have required property 'text'"],
    ['a wrong type', 'sendMessage', { chat_id: 1, text: 7 }, 'must be string'],
    [
      'a wrong type far inside',
      'sendMessage',
      { chat_id: 1, text: 'x', entities: [{ type: 'bold', offset: '0', length: 1 }] },
      '/entities/0/offset must be integer',
    ],
    [
      'a misspelt field',
      'sendMessage',
      { chat_id: 1, text: 'x', link_preview_options: { disabled: true } },
      'must NOT have additional properties',
    ],
    [
      'the wrong one of several types',
      'setMyCommands',
      { commands: [], scope: { type: 'chat' } },
      "must have required property 'chat_id'",
    ],
  ])('makes a violation of %s', async (_what, method, params: Json, fault) => {
    await call(api, api.bot(), method, params);
    expect(api.violations[0]).toContain(fault);
  });

  it('has no word against the same as a form, as a query or as JSON in JSON', async () => {
    const bot = api.bot();
    const ada = api.user();
    ada.says(bot, '/start');
    const values = {
      chat_id: String(ada.id),
      text: '12',
      entities: JSON.stringify([{ type: 'bold', offset: 0, length: 2 }]),
      disable_notification: 'true',
    };
    const path = `${api.url}/bot${bot.token}/sendMessage`;
    const form = new FormData();
    for (const [name, value] of Object.entries(values)) form.append(name, value);
    const answers = [
      await fetch(path, { method: 'POST', body: new URLSearchParams(values) }),
      await fetch(path, { method: 'POST', body: form }),
      await fetch(`${path}?${new URLSearchParams(values).toString()}`),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(api.chat(bot, ada).replies.map(({ text, entities }) => [text, entities.length])).toEqual([
      ['12', 1],
      ['12', 1],
      ['12', 1],
    ]);
    await call(api, bot, 'setMyCommands', { commands: '[{"command":"a","description":"b"}]' });
    expect(api.violations).toEqual([]);
  });

  it('is held against answers and updates too', () => {
    expect(description?.answerFaults('getMe', { id: 1, is_bot: true })[0]).toContain('first_name');
    expect(description?.answerFaults('sendMessage', true)).toHaveLength(1);
    expect(description?.typeFaults('Update', { update_id: 1, message: { text: 'x' } })[0]).toContain(
      'message_id',
    );
  });
});
