import { until } from '@roost/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { useInstallation } from '../use.installation';
import { type BotOfAgent, startBot, useTelegram } from './use.telegram';

describe('a conversation on Telegram', () => {
  const roost = useInstallation();
  const telegram = useTelegram(roost);
  let served: BotOfAgent;

  beforeAll(async () => {
    served = await startBot(roost(), telegram(), { welcome_message: 'Welcome to **our shop**.' });
  });

  it('is answered by the agent, which the message wakes', async () => {
    const { bot, agent_id } = served;
    const ada = telegram().user({ first_name: 'Ada' });
    ada.says(bot, 'hello');
    await telegram().until(() => telegram().chat(bot, ada).replies.length === 1, 'a reply');
    expect(telegram().chat(bot, ada).texts).toEqual(['You said: hello']);

    await roost().api.stop(agent_id);
    await until(
      'the agent sleeps',
      async () => (await roost().api.status(agent_id)).state === 'stopped',
      30_000,
    );
    ada.says(bot, 'are you there?');
    await telegram().until(() => telegram().chat(bot, ada).replies.length === 2, 'a reply');
    expect(telegram().chat(bot, ada).texts.at(-1)).toBe('You said: are you there?');
  });

  it('shows Markdown as formatting', async () => {
    const ada = telegram().user({ first_name: 'Ada' });
    roost().model.reply('It is **open** from `9`.');
    ada.says(served.bot, 'when?');
    await telegram().until(() => telegram().chat(served.bot, ada).replies.length === 1, 'a reply');
    expect(telegram().chat(served.bot, ada).replies).toMatchObject([
      {
        text: 'It is open from 9.',
        entities: [
          { type: 'bold', offset: 6, length: 4 },
          { type: 'code', offset: 16, length: 1 },
        ],
      },
    ]);
  });

  it('knows /start, /help and /new, in the language of the user', async () => {
    const { bot } = served;
    const ivan = telegram().user({ first_name: 'Иван', language_code: 'ru' });
    const replies = () =>
      telegram()
        .chat(bot, ivan)
        .replies.map(({ text }) => text);
    ivan.says(bot, '/start');
    ivan.says(bot, '/help');
    ivan.says(bot, '/new');
    ivan.says(bot, '/stop');
    await telegram().until(() => replies().length === 4, 'four replies');
    expect(replies()).toEqual([
      'Welcome to our shop.',
      expect.stringContaining('/new'),
      expect.stringContaining('Новый разговор'),
      'Останавливать нечего.',
    ]);
  });

  it('goes on in the same thread until /new begins another', async () => {
    const { bot, agent_id } = served;
    const ada = telegram().user({ first_name: 'Ada' });
    const say = async (text: string) => {
      const before = telegram().chat(bot, ada).replies.length;
      ada.says(bot, text);
      await telegram().until(() => telegram().chat(bot, ada).replies.length > before, `an answer to ${text}`);
    };
    await say('one');
    await say('two');
    await say('/new');
    await say('three');
    const { items } = await roost().api.call<{ items: { id: string; user_id: string; channel: string }[] }>({
      method: 'GET',
      path: `/agents/${agent_id}/threads?limit=100`,
    });
    const own = items.filter(({ user_id }) => user_id === `telegram:${ada.id}`);
    expect(own).toHaveLength(2);
    expect(own[0]).toMatchObject({ channel: 'telegram' });
    const said = await Promise.all(own.map(({ id }) => roost().api.messages(id)));
    expect(said.map((page) => page.items.map(({ content }) => content)).sort()).toEqual([
      ['one', 'You said: one', 'two', 'You said: two'],
      ['three', 'You said: three'],
    ]);
  });

  it('has nothing of what Telegram would refuse', () => {
    expect(telegram().violations).toEqual([]);
  });
});
