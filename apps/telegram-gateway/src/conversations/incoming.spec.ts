import type { TelegramIntegration } from '@roost/contracts';
import type { Update } from 'telegraf/types';
import { describe, expect, it } from 'vitest';
import { buttonData, readUpdate } from './incoming';

const bot = { id: 42, username: 'hours_bot' };
const ada = { id: 7, is_bot: false, first_name: 'Ada', language_code: 'en' };
const integration: TelegramIntegration = {
  type: 'telegram',
  mode: 'polling',
  welcome_message: null,
  allowed_chats: null,
  groups: 'mention',
  streaming: 'off',
};
const inPrivate = { id: 7, type: 'private', first_name: 'Ada' };
const inGroup = { id: -100, type: 'supergroup', title: 'Shop' };

const message = (fields: object, chat: object = inPrivate): Update =>
  ({ update_id: 1, message: { message_id: 5, date: 0, from: ada, chat, ...fields } }) as unknown as Update;
const read = (update: Update, changes: Partial<TelegramIntegration> = {}) =>
  readUpdate(update, bot, { ...integration, ...changes });

describe('a message in a private chat', () => {
  it('is a text for the agent', () => {
    expect(read(message({ text: 'When do you open?' }))).toMatchObject({
      kind: 'text',
      text: 'When do you open?',
      place: { chat_id: 7, topic_id: 0, is_private: true, user: { id: 7 } },
    });
  });

  it.each(['start', 'help', 'new', 'stop'])('is the command /%s, whatever follows it', (command) => {
    expect(read(message({ text: `/${command}` }))).toMatchObject({ kind: 'command', command });
    expect(read(message({ text: `/${command}@HOURS_bot deep link` }))).toMatchObject({
      kind: 'command',
      command,
    });
  });

  it('is for the agent when the command is not known, and for nobody here when it names another bot', () => {
    expect(read(message({ text: '/weather' }))).toMatchObject({ kind: 'text', text: '/weather' });
    expect(read(message({ text: '/stop@other_bot' }))).toEqual({ kind: 'ignored' });
  });

  it('that was edited is said anew', () => {
    const { message: edited, ...update } = message({ text: 'And on Sunday?' }) as Update.MessageUpdate;
    expect(read({ ...update, edited_message: edited } as unknown as Update)).toMatchObject({
      kind: 'text',
      text: 'And on Sunday?',
    });
  });

  it.each(['photo', 'voice', 'document', 'sticker', 'location'])('with a %s is not for the agent', (kind) => {
    expect(read(message({ [kind]: {}, caption: 'look' }))).toMatchObject({ kind: 'unsupported' });
  });

  it('that is edited without a text, as a live location is each few seconds, is not answered again', () => {
    const { message: edited, ...update } = message({ location: {} }) as Update.MessageUpdate;
    expect(read({ ...update, edited_message: edited } as unknown as Update)).toEqual({ kind: 'ignored' });
  });

  it('that Telegram itself says, or a bot, is ignored', () => {
    expect(read(message({ pinned_message: {} }))).toEqual({ kind: 'ignored' });
    expect(read(message({ text: 'beep', from: { ...ada, is_bot: true } }))).toEqual({ kind: 'ignored' });
  });

  it('with a contact counts as the sender’s own only when it names the sender', () => {
    const contact = { phone_number: '+15550100', first_name: 'Ada' };
    expect(read(message({ contact: { ...contact, user_id: 7 } }))).toMatchObject({ is_own: true });
    expect(read(message({ contact: { ...contact, user_id: 8 } }))).toMatchObject({ is_own: false });
    expect(read(message({ contact }))).toMatchObject({ is_own: false });
  });

  it('is ignored in a chat that the operator did not allow', () => {
    expect(read(message({ text: 'hi' }), { allowed_chats: [8] })).toEqual({ kind: 'ignored' });
    expect(read(message({ text: 'hi' }), { allowed_chats: [7] })).toMatchObject({ kind: 'text' });
  });

  it('belongs to its topic, where the chat has some', () => {
    const topic = { is_topic_message: true, message_thread_id: 3 };
    expect(read(message({ text: 'hi', ...topic }))).toMatchObject({ place: { topic_id: 3 } });
    // The id of a thread of replies is none of a topic.
    expect(read(message({ text: 'hi', message_thread_id: 3 }))).toMatchObject({ place: { topic_id: 0 } });
  });
});

describe('a message in a group', () => {
  const said = (text: string, fields: object = {}) => message({ text, ...fields }, inGroup);

  it('is for the bot when it names it or answers it, and not otherwise', () => {
    expect(read(said('@Hours_bot when do you open?'))).toMatchObject({
      kind: 'text',
      text: 'when do you open?',
    });
    expect(read(said('and on Sunday?', { reply_to_message: { from: { id: 42 } } }))).toMatchObject({
      kind: 'text',
    });
    expect(read(said('when do you open?'))).toEqual({ kind: 'ignored' });
    expect(read(said('write to me@hours_botanics'))).toEqual({ kind: 'ignored' });
  });

  it('is always for a bot that answers all, and never for one that answers none', () => {
    expect(read(said('hello'), { groups: 'all' })).toMatchObject({ kind: 'text' });
    expect(read(said('@hours_bot hello'), { groups: 'off' })).toEqual({ kind: 'ignored' });
  });

  it('is a command when it names the bot', () => {
    expect(read(said('/new@hours_bot'))).toMatchObject({ kind: 'command', command: 'new' });
    expect(read(said('/new'))).toEqual({ kind: 'ignored' });
  });

  it('that only names the bot says nothing', () => {
    expect(read(said('@hours_bot'))).toEqual({ kind: 'ignored' });
  });
});

describe('a button', () => {
  const pressed = (data: string, chat: object = inPrivate): Update =>
    ({
      update_id: 2,
      callback_query: {
        id: 'q',
        from: ada,
        data,
        chat_instance: 'x',
        message: { message_id: 9, date: 0, chat },
      },
    }) as unknown as Update;
  const approval_id = `apr_${'x'.repeat(22)}`;

  it('decides on the call it stands under, and fits into what Telegram takes', () => {
    for (const decision of ['approve', 'reject'] as const) {
      const data = buttonData(decision, approval_id);
      expect(Buffer.byteLength(data)).toBeLessThanOrEqual(64);
      expect(read(pressed(data))).toMatchObject({ kind: 'decision', decision, approval_id });
    }
  });

  it('that says nothing we know is only acknowledged', () => {
    expect(read(pressed('x:1'))).toEqual({ kind: 'stale_button', callback_query_id: 'q' });
  });
});

describe('a group that becomes a supergroup', () => {
  it('is told in both chats, and means one thing', () => {
    const moved = { kind: 'moved', from: -5, to: -100 };
    expect(read(message({ migrate_to_chat_id: -100 }, { id: -5, type: 'group', title: 'Shop' }))).toEqual(
      moved,
    );
    expect(read(message({ migrate_from_chat_id: -5 }, inGroup))).toEqual(moved);
  });
});
