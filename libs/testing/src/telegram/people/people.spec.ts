import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { call, textsOf } from '../bot.client';
import type { Json } from '../json';
import type { TelegramUser } from './telegram.user';
import { TelegramApi } from '../telegram.api';
import type { TelegramBot } from '../telegram.bot';

describe('people who talk to bots', () => {
  let api: TelegramApi;
  let bot: TelegramBot;
  let ada: TelegramUser;

  beforeEach(async () => {
    api = await TelegramApi.start({ flood: 'off' });
    bot = api.bot({ username: 'helpful_bot', has_topics_enabled: true });
    ada = api.user({ first_name: 'Ada', username: 'ada', language_code: 'ru-RU' });
  });
  afterEach(async () => {
    const { violations } = api;
    await api.stop();
    expect(violations).toEqual([]);
  });

  async function updates(of: TelegramBot = bot): Promise<Json[]> {
    const { result } = await call(api, of, 'getUpdates');
    await call(api, of, 'getUpdates', { offset: Number(result.at(-1)?.update_id ?? 0) + 1 });
    return result;
  }
  const send = (params: Json) => call(api, bot, 'sendMessage', { text: 'hello', ...params });

  it('say things, in words that commands and mentions are found in', async () => {
    ada.says(bot, '/start@helpful_bot now, @bob_1 and ada@example.org #Тема');
    const [update] = await updates();
    expect(update?.['message']).toMatchObject({
      from: { id: ada.id, is_bot: false, first_name: 'Ada', username: 'ada', language_code: 'ru-RU' },
      chat: { id: ada.id, type: 'private', first_name: 'Ada', username: 'ada' },
      entities: [
        { type: 'bot_command', offset: 0, length: 18 },
        { type: 'mention', offset: 24, length: 6 },
        { type: 'hashtag', offset: 51, length: 5 },
      ],
    });
  });

  it('edit what they said', async () => {
    ada.edits(bot, ada.says(bot, 'helo'), '/help');
    const [said, edited] = await updates();
    expect(edited?.['edited_message']).toMatchObject({
      message_id: said?.['message'].message_id,
      text: '/help',
      entities: [{ type: 'bot_command' }],
      edit_date: expect.any(Number),
    });
  });

  it('share their own contact, somebody else’s, or one without an account', async () => {
    const bob = api.user({ first_name: 'Bob', phone_number: '+15551234567' });
    ada.sharesContact(bot);
    ada.sharesContact(bot, { of_other_user: bob });
    ada.sharesContact(bot, { of_other_user: 'without an account' });
    const contacts = (await updates()).map((update) => update['message'].contact);
    expect(contacts).toEqual([
      { phone_number: ada.phone_number, first_name: 'Ada', user_id: ada.id },
      { phone_number: '+15551234567', first_name: 'Bob', user_id: bob.id },
      { phone_number: '+15550000000', first_name: 'Somebody' },
    ]);
  });

  it('send photos, voice and files', async () => {
    ada.sendsPhoto(bot, { caption: '/look' });
    ada.sendsVoice(bot);
    ada.sendsDocument(bot, { file_name: 'plan.pdf' });
    const [photo, voice, document] = await updates();
    expect(photo?.['message']).toMatchObject({
      caption: '/look',
      caption_entities: [{ type: 'bot_command' }],
    });
    expect(photo?.['message'].photo[0].file_id).toEqual(expect.any(String));
    expect(voice?.['message'].voice.mime_type).toBe('audio/ogg');
    expect(document?.['message'].document.file_name).toBe('plan.pdf');
  });

  it('press buttons they see, and hear the answer', async () => {
    ada.says(bot, '/start');
    const inline_keyboard = [[{ text: 'Yes', callback_data: 'approve:1' }]];
    await send({ chat_id: ada.id, reply_markup: { inline_keyboard } });
    const id = ada.presses(bot, 'approve:1');
    const query = (await updates()).at(-1)?.['callback_query'];
    expect(query).toMatchObject({ id, data: 'approve:1', from: { id: ada.id }, message: { text: 'hello' } });
    await call(api, bot, 'answerCallbackQuery', { callback_query_id: id, text: 'Done' });
    expect(api.callbackAnswers(id)).toEqual([{ text: 'Done', show_alert: false }]);
    expect((await call(api, api.bot(), 'answerCallbackQuery', { callback_query_id: id })).refused).toBe(
      '400 Bad Request: query is too old and response timeout expired or query ID is invalid',
    );
    expect(() => ada.presses(bot, 'approve:2')).toThrow('sees no button approve:2');
  });

  it('block a bot and come back', async () => {
    ada.says(bot, '/start');
    ada.blocks(bot);
    ada.unblocks(bot);
    const statuses = (await updates())
      .slice(1)
      .map((update) => update['my_chat_member'].new_chat_member.status);
    expect(statuses).toEqual(['kicked', 'member']);
  });

  it('open topics with a bot that has them', async () => {
    const message_thread_id = ada.opensTopic(bot, 'Plans');
    ada.says(bot, 'hello', { message_thread_id });
    expect((await updates()).at(-1)?.['message']).toMatchObject({
      message_thread_id,
      is_topic_message: true,
    });
    await send({ chat_id: ada.id, message_thread_id });
    expect(api.chat(bot, ada).replies).toMatchObject([{ message_thread_id }]);
  });

  it('are told apart from those of other bots, with messages of their own', async () => {
    const other = api.bot();
    ada.says(bot, 'one');
    ada.says(other, 'two');
    expect(textsOf(await updates())).toEqual(['one']);
    expect(textsOf(await updates(other))).toEqual(['two']);
    expect(api.chat(bot, ada).messages.map(({ text }) => text)).toEqual(['one']);
  });

  describe('in groups', () => {
    it('reach a bot in privacy mode by command, by name or by reply, and one without it always', async () => {
      const curious = api.bot({ can_read_all_group_messages: true });
      const group = api.group({ bots: [bot, curious] });
      await send({ chat_id: group.id });
      ada.says(bot, 'hello everybody', { group });
      ada.says(bot, '@helpful_bot hello', { group });
      ada.says(bot, '@another_bot hello', { group });
      ada.says(bot, '/help', { group });
      ada.says(bot, '/help@another_bot', { group });
      ada.says(bot, 'and you?', { group, reply_to: { message_id: 1 } });
      expect(textsOf(await updates())).toEqual(['@helpful_bot hello', '/help', 'and you?']);
      expect(await updates(curious)).toHaveLength(6);
    });

    it('answer in a thread that is no topic, in a supergroup', async () => {
      const group = api.group({ bots: [bot] });
      const { message_id } = (await send({ chat_id: group.id })).result;
      ada.says(bot, 'yes', { group, reply_to: { message_id } });
      const message = (await updates())[0]?.['message'];
      expect(message).toMatchObject({ message_thread_id: message_id, reply_to_message: { message_id } });
      expect(message.is_topic_message).toBeUndefined();
    });

    it('talk in topics, whose messages answer the one that opened them', async () => {
      const group = api.group({ bots: [bot], is_forum: true });
      const message_thread_id = group.opensTopic('Plans', ada);
      ada.says(bot, '@helpful_bot hello', { group, message_thread_id });
      expect((await updates()).at(-1)?.['message']).toMatchObject({
        chat: { id: group.id, type: 'supergroup', is_forum: true },
        message_thread_id,
        is_topic_message: true,
        reply_to_message: { forum_topic_created: { name: 'Plans' } },
      });
      expect((await send({ chat_id: group.id, message_thread_id })).result).toMatchObject({
        message_thread_id,
      });
      expect((await send({ chat_id: group.id, message_thread_id: 1_000 })).refused).toBe(
        '400 Bad Request: message thread not found',
      );
      group.closesTopic(message_thread_id);
      expect((await send({ chat_id: group.id, message_thread_id })).refused).toContain('TOPIC_CLOSED');
      group.deletesTopic(message_thread_id);
      expect((await send({ chat_id: group.id, message_thread_id })).refused).toContain('thread not found');
    });

    it('turn a group into a supergroup: who writes to the old one is told the new one', async () => {
      const group = api.group({ bots: [bot], type: 'group' });
      const before = group.id;
      group.migrates(ada);
      expect(group.id).toBeLessThan(-1_000_000_000_000);
      const { refused, body } = await send({ chat_id: before });
      expect(refused).toBe('400 Bad Request: group chat was upgraded to a supergroup chat');
      expect(body['parameters']).toEqual({ migrate_to_chat_id: group.id });
      expect((await send({ chat_id: group.id })).status).toBe(200);
      expect((await updates()).map(({ message }) => [message.chat.id, message.migrate_to_chat_id])).toEqual([
        [before, group.id],
        [group.id, undefined],
      ]);
    });

    it('throw a bot out', async () => {
      const group = api.group({ bots: [bot] });
      expect((await call(api, api.bot(), 'sendMessage', { chat_id: group.id, text: 'x' })).refused).toBe(
        '403 Forbidden: bot is not a member of the supergroup chat',
      );
      group.kicks(bot, ada);
      expect((await send({ chat_id: group.id })).refused).toBe(
        '403 Forbidden: bot was kicked from the supergroup chat',
      );
      expect((await updates())[0]?.['my_chat_member'].new_chat_member.status).toBe('kicked');
    });
  });
});
