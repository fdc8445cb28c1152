import { beforeAll, describe, expect, it } from 'vitest';
import { useInstallation } from '../use.installation';
import { type BotOfAgent, startBot, useTelegram } from './use.telegram';

describe('a bot in a group', () => {
  const roost = useInstallation();
  const telegram = useTelegram(roost);
  let served: BotOfAgent;
  beforeAll(async () => {
    served = await startBot(roost(), telegram());
  });

  it('answers what names it or replies to it, in the topic it was said in, and nothing else', async () => {
    const { bot } = served;
    const ada = telegram().user({ first_name: 'Ada' });
    const group = telegram().group({ type: 'supergroup', is_forum: true, bots: [bot] });
    const topic = group.opensTopic('Orders', ada);
    const view = telegram().chat(bot, group);

    ada.says(bot, `@${bot.username} hello`, { group, message_thread_id: topic });
    await telegram().until(() => view.replies.length === 1, 'an answer');
    expect(view.replies[0]).toMatchObject({ text: 'You said: hello', message_thread_id: topic });
    expect(view.replies[0]?.reply_to).toBeDefined();

    ada.says(bot, 'nobody asked you', { group, message_thread_id: topic });
    const answer = view.replies[0];
    ada.says(bot, 'and now?', { group, message_thread_id: topic, ...(answer ? { reply_to: answer } : {}) });
    await telegram().until(() => view.replies.length === 2, 'a second answer');
    expect(view.replies.map(({ text }) => text)).toEqual(['You said: hello', 'You said: and now?']);
  });

  it('answers each of two users, in one thread, below what they said', async () => {
    const { bot, agent_id } = served;
    const ada = telegram().user({ first_name: 'Ada' });
    const bob = telegram().user({ first_name: 'Bob' });
    const group = telegram().group({ bots: [bot] });
    const view = telegram().chat(bot, group);
    const asked = [
      ada.says(bot, `@${bot.username} I am Ada`, { group }),
      bob.says(bot, `@${bot.username} I am Bob`, { group }),
    ];
    await telegram().until(() => view.replies.length === 2, 'both answers');
    expect(view.replies).toMatchObject([
      { text: 'You said: I am Ada', reply_to: asked[0]?.message_id },
      { text: 'You said: I am Bob', reply_to: asked[1]?.message_id },
    ]);
    const threads = await roost().api.threads(agent_id);
    const shared = await Promise.all(threads.items.map(({ id }) => roost().api.messages(id)));
    expect(shared.map(({ items }) => items.map(({ content }) => content).sort())).toContainEqual([
      'I am Ada',
      'I am Bob',
      'You said: I am Ada',
      'You said: I am Bob',
    ]);
  });

  it('goes on where a group has become a supergroup', async () => {
    const { bot } = served;
    const ada = telegram().user({ first_name: 'Ada' });
    const group = telegram().group({ type: 'group', bots: [bot] });
    roost().model.reply('Here I am.', { pace: { tokenDelayMs: 50 } });
    ada.says(bot, `@${bot.username} hello`, { group });
    group.migrates(ada);
    await telegram().until(() => telegram().chat(bot, group).texts.includes('Here I am.'), 'an answer');
  });

  it('goes on with the same thread there', async () => {
    const { bot, agent_id } = await startBot(roost(), telegram());
    const ada = telegram().user({ first_name: 'Ada' });
    const group = telegram().group({ type: 'group', bots: [bot] });
    ada.says(bot, `@${bot.username} before`, { group });
    await telegram().until(() => telegram().chat(bot, group).replies.length === 1, 'an answer');
    group.migrates(ada);
    ada.says(bot, `@${bot.username} after`, { group });
    await telegram().until(
      () => telegram().chat(bot, group).texts.includes('You said: after'),
      'an answer in the supergroup',
    );
    const { items } = await roost().api.call<{ items: { id: string }[] }>({
      method: 'GET',
      path: `/agents/${agent_id}/threads`,
    });
    expect(items).toHaveLength(1);
  });
});

describe('an answer while it is written', () => {
  const roost = useInstallation();
  const telegram = useTelegram(roost);

  const answerOf = (words: number): string =>
    Array.from({ length: words }, (_word, index) => `word${index}`).join(' ');

  it('is shown as a draft in private chats, and then sent once', async () => {
    const { bot } = await startBot(roost(), telegram(), { streaming: 'draft' });
    const ada = telegram().user({ first_name: 'Ada' });
    roost().model.reply(answerOf(60), { pace: { tokenDelayMs: 80 } });
    ada.says(bot, 'tell me');
    const view = telegram().chat(bot, ada);
    await telegram().until(() => view.replies.length === 1, 'the answer');
    expect(view.replies.map(({ text }) => text)).toEqual([answerOf(60)]);
    expect(view.drafts.length).toBeGreaterThanOrEqual(2);
    for (const { text } of view.drafts) expect(answerOf(60).startsWith(text)).toBe(true);
  });

  it('is shown in a message that is edited, at most every 1.5 s, and ends as the whole answer', async () => {
    const { bot } = await startBot(roost(), telegram(), { streaming: 'edit' });
    const ada = telegram().user({ first_name: 'Ada' });
    roost().model.reply(answerOf(60), { pace: { tokenDelayMs: 100 } });
    ada.says(bot, 'tell me');
    const view = telegram().chat(bot, ada);
    await telegram().until(() => view.replies[0]?.text === answerOf(60), 'the answer', 60_000);
    expect(view.replies).toHaveLength(1);
    const shown = [
      view.replies[0]?.at ?? 0,
      ...(view.replies[0]?.edits.slice(0, -1) ?? []).map(({ at }) => at),
    ];
    const pauses = shown.slice(1).map((at, index) => at - (shown[index] ?? 0));
    // Less what the way to Telegram does to a pause.
    for (const pause of pauses) expect(pause).toBeGreaterThanOrEqual(1_400);
  });

  it('is stopped by /stop, and what was said is kept', async () => {
    const { bot } = await startBot(roost(), telegram());
    const ada = telegram().user({ first_name: 'Ada' });
    roost().model.reply(answerOf(400), { pace: { tokenDelayMs: 50 } });
    ada.says(bot, 'tell me everything');
    const view = telegram().chat(bot, ada);
    await telegram().until(() => view.actions.length > 0, 'typing');
    ada.says(bot, '/stop');
    await telegram().until(() => view.texts.includes('Stopped.'), 'the end');
    expect(view.texts).not.toContain(answerOf(400));
  });

  it('breaks no rule of Telegram', () => {
    expect(telegram().violations).toEqual([]);
    expect(telegram().journal.answered(429)).toEqual([]);
  });
});
