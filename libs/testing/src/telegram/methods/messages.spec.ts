import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { call } from '../bot.client';
import type { Json } from '../json';
import { TelegramApi } from '../telegram.api';
import type { TelegramBot } from '../telegram.bot';
import type { TelegramUser } from '../people/telegram.user';

const START = Date.parse('2026-11-27T12:00:00Z');

describe('what a bot sends', () => {
  let now: number;
  let api: TelegramApi;
  let bot: TelegramBot;
  let ada: TelegramUser;
  let expectedViolations: RegExp[];

  beforeEach(async () => {
    now = START;
    expectedViolations = [];
    api = await TelegramApi.start({ clock: () => now, flood: 'off' });
    bot = api.bot({ username: 'helpful_bot' });
    ada = api.user({ first_name: 'Ada' });
    ada.says(bot, '/start');
  });
  afterEach(async () => {
    const { violations } = api;
    await api.stop();
    expect(violations.filter((one) => !expectedViolations.some((known) => known.test(one)))).toEqual([]);
  });

  const ask = (method: string, params: Json) => call(api, bot, method, { chat_id: ada.id, ...params });
  const send = (text: string, params: Json = {}) => ask('sendMessage', { text, ...params });
  const button = (more: Json) => ({ inline_keyboard: [[{ text: 'Yes', ...more }]] });

  describe('sendMessage', () => {
    it('shows the user a message with its entities, and answers with it', async () => {
      const entities = [{ type: 'bold', offset: 0, length: 2 }];
      const { result } = await send('😀 hello', { entities });
      expect(result).toEqual({
        message_id: 2,
        date: START / 1_000,
        chat: { id: ada.id, type: 'private', first_name: 'Ada' },
        from: { id: bot.id, is_bot: true, first_name: bot.first_name, username: 'helpful_bot' },
        text: '😀 hello',
        entities,
      });
      expect(api.chat(bot, ada).messages).toMatchObject([
        { by_bot: false, text: '/start' },
        { by_bot: true, text: '😀 hello', entities, at: START, edits: [], buttons: [] },
      ]);
    });

    it('takes 4,096 UTF-16 code units after trimming, and no more', async () => {
      expect((await send(`  ${'😀'.repeat(2_048)}\n\n`)).status).toBe(200);
      expect(api.chat(bot, ada).texts.at(-1)).toHaveLength(4_096);
      expect((await send(`${'😀'.repeat(2_048)}x`)).refused).toBe('400 Bad Request: message is too long');
    });

    it.each(['', '   ', '\n \n'])('refuses %j, in which there is nothing to see', async (text) => {
      expect((await send(text)).refused).toBe('400 Bad Request: message text is empty');
    });

    it('refuses half a character', async () => {
      expect((await send('\uD83D')).refused).toBe('400 Bad Request: strings must be encoded in UTF-8');
    });

    it('moves entities along when it trims', async () => {
      const entities = [{ type: 'code', offset: 3, length: 7 }];
      await send(' \n hello  ', { entities });
      expect(api.chat(bot, ada).replies.at(-1)).toMatchObject({
        text: 'hello',
        entities: [{ type: 'code', offset: 0, length: 5 }],
      });
    });

    it.each([
      [
        { type: 'bold', offset: 0, length: 9 },
        'entity beginning at UTF-16 offset 0 ends after the end of the text',
      ],
      [{ type: 'bold', offset: 9, length: 0 }, 'entity begins after the end of the text'],
      [{ type: 'bold', offset: 1, length: 2 }, 'entity begins in a middle of a UTF-16 symbol'],
      [
        { type: 'bold', offset: 0, length: 1 },
        'entity beginning at UTF-16 offset 0 ends in a middle of a UTF-16 symbol',
      ],
      [{ type: 'bold', offset: -1, length: 2 }, "can't parse entities"],
      [{ type: 'huge', offset: 0, length: 2 }, "can't parse entities: unsupported type huge"],
      [{ type: 'text_link', offset: 0, length: 2 }, "can't parse entities: text_link needs url"],
    ])('refuses the entity %j', async (entity, why) => {
      expect((await send('😀 hello', { entities: [entity] })).refused).toContain(`400 Bad Request: ${why}`);
    });

    it('keeps 100 entities and notes that there were more', async () => {
      expectedViolations = [/sendMessage: 101 entities/];
      const entities = Array.from({ length: 101 }, (_, offset) => ({ type: 'bold', offset, length: 1 }));
      await send('x'.repeat(101), { entities });
      expect(api.chat(bot, ada).replies.at(-1)?.entities).toHaveLength(100);
      expect(api.violations).toHaveLength(1);
    });

    it('says aloud that it parses no markup', async () => {
      expectedViolations = [/sendMessage: the stand-in parses no parse_mode/];
      expect((await send('*hello*', { parse_mode: 'MarkdownV2' })).status).toBe(400);
      expect(api.violations).toHaveLength(1);
    });

    it.each([
      ['callback_data of 64 bytes', button({ callback_data: 'я'.repeat(32) }), ''],
      ['callback_data of 65 bytes', button({ callback_data: `${'я'.repeat(32)}x` }), 'BUTTON_DATA_INVALID'],
      ['callback_data of none', button({ callback_data: '' }), 'BUTTON_DATA_INVALID'],
      ['an address', button({ url: 'https://example.org/?q=1' }), ''],
      [
        'what is no address',
        button({ url: 'example' }),
        "inline keyboard button URL 'example' is invalid: Wrong HTTP URL",
      ],
      ['nothing to do', button({}), 'text buttons are unallowed in the inline keyboard'],
      [
        'two things to do',
        button({ url: 'https://a.example', callback_data: 'x' }),
        'inline keyboard button must have exactly one action',
      ],
      ['no label', button({ text: ' ', callback_data: 'x' }), 'keyboard button text must be non-empty'],
    ])('checks a button with %s', async (_what, reply_markup, why) => {
      expect((await send('Shall I?', { reply_markup })).refused).toBe(why && `400 Bad Request: ${why}`);
    });

    it('answers to a message that is there, and to none only if it may', async () => {
      const missing = { message_id: 77 };
      await send('yes', { reply_parameters: { message_id: 1 } });
      expect(api.chat(bot, ada).replies.at(-1)?.reply_to).toBe(1);
      expect((await send('no', { reply_parameters: missing })).refused).toBe(
        '400 Bad Request: message to be replied not found',
      );
      await send('well', { reply_parameters: { ...missing, allow_sending_without_reply: true } });
      expect(api.chat(bot, ada).texts).toEqual(['yes', 'well']);
    });

    it('shows a keyboard that shares the contact, and takes it away', async () => {
      const keyboard = [[{ text: 'My number', request_contact: true }]];
      expect((await send('May I?', { reply_markup: { keyboard } })).result.reply_markup).toBeUndefined();
      expect(api.chat(bot, ada).reply_keyboard).toEqual({ keyboard });
      await send('Thanks', { reply_markup: { remove_keyboard: true } });
      expect(api.chat(bot, ada).reply_keyboard).toBeNull();
    });

    it('reaches nobody who does not exist, has not begun, has blocked the bot or is gone', async () => {
      expect((await send('hi', { chat_id: 1 })).refused).toBe('400 Bad Request: chat not found');
      expect((await send('hi', { chat_id: api.user().id })).refused).toBe(
        "403 Forbidden: bot can't initiate conversation with a user",
      );
      ada.blocks(bot);
      expect((await send('hi')).refused).toBe('403 Forbidden: bot was blocked by the user');
      ada.unblocks(bot);
      expect((await send('hi')).refused).toBe('');
      ada.deactivates();
      expect((await send('hi')).refused).toBe('403 Forbidden: user is deactivated');
    });
  });

  describe('an edit', () => {
    const edit = (message_id: number, text: string, params: Json = {}) =>
      ask('editMessageText', { message_id, text, ...params });

    it('changes what the user sees, and is remembered with its time', async () => {
      const { result } = await send('one', { reply_markup: button({ callback_data: 'x' }) });
      now += 2_000;
      expect((await edit(result.message_id, 'two')).result).toMatchObject({
        text: 'two',
        edit_date: now / 1_000,
      });
      expect(api.chat(bot, ada).replies).toMatchObject([
        { text: 'two', at: START, edits: [{ at: START + 2_000, text: 'two' }], buttons: [] },
      ]);
    });

    it('is refused when it changes nothing', async () => {
      const entities = [{ type: 'bold', offset: 0, length: 3 }];
      const { result } = await send('one', { entities });
      expect((await edit(result.message_id, 'one ', { entities })).refused).toMatch(
        /^400 Bad Request: message is not modified: /,
      );
      expect((await edit(result.message_id, 'one')).status).toBe(200);
    });

    it('is refused for what is not there, and for what others wrote', async () => {
      expect((await edit(77, 'one')).refused).toBe('400 Bad Request: message to edit not found');
      expect((await edit(1, 'one')).refused).toBe("400 Bad Request: message can't be edited");
    });

    it('can change the buttons alone', async () => {
      const { result } = await send('Shall I?', { reply_markup: button({ callback_data: 'x' }) });
      const { message_id } = result;
      expect((await ask('editMessageReplyMarkup', { message_id })).status).toBe(200);
      expect(api.chat(bot, ada).replies).toMatchObject([{ text: 'Shall I?', buttons: [], edits: [] }]);
      expect((await ask('editMessageReplyMarkup', { message_id })).refused).toContain(
        'message is not modified',
      );
    });
  });

  describe('deleteMessage', () => {
    it('removes a message for everybody, within two days', async () => {
      const { message_id } = (await send('oops')).result;
      expect((await ask('deleteMessage', { message_id })).result).toBe(true);
      expect(api.chat(bot, ada).texts).toEqual([]);
      expect((await ask('deleteMessage', { message_id })).refused).toBe(
        '400 Bad Request: message to delete not found',
      );
      now += 49 * 3_600_000;
      expect((await ask('deleteMessage', { message_id: 1 })).refused).toContain("can't be deleted");
    });
  });

  describe('sendMessageDraft', () => {
    const draft = (text: string, params: Json = {}) =>
      ask('sendMessageDraft', { draft_id: 5, text, ...params });

    it('shows a text that grows, until the message comes or 30 seconds have passed', async () => {
      await draft('');
      now += 500;
      await draft('Hel');
      const view = api.chat(bot, ada);
      expect(view.drafts.map(({ text, at }) => [text, at])).toEqual([
        ['', START],
        ['Hel', START + 500],
      ]);
      expect(view.draft()?.text).toBe('Hel');
      await send('Hello');
      expect(view.draft()).toBeUndefined();
      await draft('Next', { draft_id: 6 });
      now += 30_000;
      expect(view.draft()).toBeUndefined();
      expect(view.texts).toEqual(['Hello']);
    });

    it('has a number, a text of 4,096 at most, and a private chat', async () => {
      expect((await draft('x', { draft_id: 0 })).refused).toContain('400 Bad Request');
      expect((await draft('x'.repeat(4_097))).refused).toBe('400 Bad Request: message is too long');
      const group = api.group({ bots: [bot] });
      expect((await draft('x', { chat_id: group.id })).refused).toBe(
        '400 Bad Request: TEXTDRAFT_PEER_INVALID',
      );
    });
  });

  it('shows that it types', async () => {
    await ask('sendChatAction', { action: 'typing' });
    expect(api.chat(bot, ada).actions).toEqual([{ action: 'typing', at: START }]);
    expect((await ask('sendChatAction', { action: 'sleeping' })).refused).toBe(
      '400 Bad Request: wrong parameter action in request',
    );
  });

  it('can be told which commands it has, for a scope and a language', async () => {
    const commands = [{ command: 'start', description: 'Begin' }];
    await call(api, bot, 'setMyCommands', { commands, language_code: 'ru' });
    expect((await call(api, bot, 'getMyCommands')).result).toEqual([]);
    expect((await call(api, bot, 'getMyCommands', { language_code: 'ru' })).result).toEqual(commands);
    await call(api, bot, 'deleteMyCommands', { language_code: 'ru' });
    expect((await call(api, bot, 'getMyCommands', { language_code: 'ru' })).result).toEqual([]);
    const wrong = [{ command: 'Start', description: 'Begin' }];
    expect((await call(api, bot, 'setMyCommands', { commands: wrong })).refused).toContain(
      'BOT_COMMAND_INVALID',
    );
  });

  it('is 404, and a violation, when the stand-in does not play the method', async () => {
    expectedViolations = [/sendPhoto/];
    expect((await ask('sendPhoto', { photo: 'x' })).refused).toBe('404 Not Found: method not found');
    expect(api.violations).toContain('sendPhoto: the stand-in does not play it');
  });
});
