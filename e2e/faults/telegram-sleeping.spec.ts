import { sized, TelegramApi } from '@roost/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BotOfAgent, startBot } from '../telegram/use.telegram';
import { useFaults } from './use.faults';

const AGENTS = sized({ short: 20, full: 100 });
const STARTING_MAX = 5;

describe('bots of agents that sleep', () => {
  const { roost } = useFaults({
    env: {
      STARTING_AGENTS_MAX: String(STARTING_MAX),
      // Fewer than there are: those that have answered make room.
      RUNNING_AGENTS_MAX: '15',
      RUNNING_IDLE_YIELD_SECONDS: '1',
    },
  });
  let telegram: TelegramApi;
  beforeAll(async () => {
    telegram = await TelegramApi.start();
    await roost().startGateway(telegram.url);
  });
  afterAll(() => telegram.stop());

  it(`${AGENTS} of them are told something at once: each wakes, and answers once`, async () => {
    const served: BotOfAgent[] = [];
    for (let index = 0; index < AGENTS; index += 1) served.push(await startBot(roost(), telegram));
    for (const { agent_id } of served)
      expect((await roost().api.status(agent_id)).state, 'a bot alone wakes nobody').toBe('stopped');
    const ada = telegram.user({ first_name: 'Ada' });
    for (const { bot } of served) ada.says(bot, `hello ${bot.id}`);
    const replies = ({ bot }: BotOfAgent): string[] =>
      telegram.chat(bot, ada).replies.map(({ text }) => text);
    await telegram.until(
      () => served.every((one) => replies(one).length > 0),
      'all have answered',
      AGENTS * 6_000,
    );
    for (const one of served) expect(replies(one)).toEqual([`You said: hello ${one.bot.id}`]);
    expect(telegram.violations).toEqual([]);
  });
});
