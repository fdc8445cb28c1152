import { FaultProxy, GatewayProcess, TelegramApi, until } from '@roost/testing';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startBot } from '../../telegram/use.telegram';
import { useFaults } from '../use.faults';

interface Held {
  holder: string | null;
  /** How often it was taken over. */
  epoch: number;
}

describe('a bot whose gateway is cut off', () => {
  const { roost } = useFaults();
  let telegram: TelegramApi;
  const proxies: Record<'manager' | 'postgres' | 'redis', FaultProxy | null> = {
    manager: null,
    postgres: null,
    redis: null,
  };
  const through = (name: keyof typeof proxies): FaultProxy => {
    const proxy = proxies[name];
    if (!proxy) throw new Error('there is no proxy yet');
    return proxy;
  };
  beforeAll(async () => {
    telegram = await TelegramApi.start();
    const database_url = GatewayProcess.databaseUrl(roost());
    const redis_url = roost().environment['REDIS_URL'] ?? '';
    const before = (url: string) => FaultProxy.before({ port: Number(new URL(url).port) });
    proxies.manager = await before(roost().manager.internalOrigin);
    proxies.postgres = await before(database_url);
    proxies.redis = await before(redis_url);
    // Two of them: what one lets go of, the other takes.
    for (let count = 0; count < 2; count += 1)
      await roost().startGateway(telegram.url, {
        MANAGER_INTERNAL_URL: proxies.manager.inPlaceOf(roost().manager.internalOrigin),
        DATABASE_URL: proxies.postgres.inPlaceOf(database_url),
        REDIS_URL: proxies.redis.inPlaceOf(redis_url),
      });
  });
  afterEach(() => {
    for (const proxy of Object.values(proxies)) proxy?.heal();
  });
  afterAll(async () => {
    for (const proxy of Object.values(proxies)) await proxy?.close();
    await telegram.stop();
  });

  const held = async (bot_id: number): Promise<Held | undefined> => {
    const client = new Client({ connectionString: roost().database.url });
    await client.connect();
    try {
      const { rows } = await client.query<Held>('SELECT holder, epoch FROM telegram.bots WHERE bot_id = $1', [
        bot_id,
      ]);
      return rows[0];
    } finally {
      await client.end();
    }
  };
  const served = async () => {
    const { bot, agent_id } = await startBot(roost(), telegram);
    const ada = telegram.user({ first_name: 'Ada' });
    return { bot, agent_id, ada, view: telegram.chat(bot, ada) };
  };

  it('from a manager that hangs stays with it, answers on, and is never received by two', async () => {
    const { bot, agent_id, ada, view } = await served();
    ada.says(bot, 'hello');
    await telegram.until(() => view.replies.length === 1, 'an answer');
    const before = await held(bot.id);

    const asked = through('manager').on(/^GET \/internal\/integrations\//, { kind: 'hang' });
    // What changes has it ask; each time it waits longer than its lease lasts.
    await roost().api.patchAgent(agent_id, {
      integrations: [{ type: 'telegram', streaming: 'off', welcome_message: 'Hi' }] as never,
    });
    await until('it was asked', () => Promise.resolve(asked.hits > 0), 60_000);
    ada.says(bot, 'still there?');
    await telegram.until(() => view.replies.length === 2, 'an answer while the manager hangs');
    await until('it has given up and asks again', () => Promise.resolve(asked.hits > 1), 60_000);

    expect(await held(bot.id)).toEqual(before);
    expect(telegram.journal.answered(409)).toEqual([]);
  });

  it('from PostgreSQL now and then answers in the order of what was said', async () => {
    const { bot, ada, view } = await served();
    const reads = through('postgres').on(/"telegram"\."(conversations|users)"/, { kind: 'cut' }, 3);
    const said = ['one', 'two', 'three', 'four', 'five'];
    for (const text of said) ada.says(bot, text);
    await telegram.until(() => view.replies.length >= said.length, 'all answers', 120_000);
    expect(reads.hits).toBe(3);
    expect(view.texts).toEqual(said.map((text) => `You said: ${text}`));
  });

  it('from PostgreSQL for longer than its lease goes on afterwards: each answered, in order', async () => {
    const { bot, ada, view } = await served();
    ada.says(bot, 'before');
    await telegram.until(() => view.replies.length === 1, 'an answer');
    through('postgres').freeze();
    ada.says(bot, 'meanwhile');
    const client = new Client({ connectionString: roost().database.url });
    await client.connect();
    await until(
      'its lease is over',
      async () =>
        (
          await client.query<{ over: boolean }>(
            `SELECT held_until < now() AS over FROM telegram.bots WHERE bot_id = ${bot.id}`,
          )
        ).rows[0]?.over,
      30_000,
    ).finally(() => client.end());
    through('postgres').thaw();
    ada.says(bot, 'after');
    await telegram.until(() => view.texts.includes('You said: after'), 'the last answer', 120_000);
    const once = view.texts.filter((text, index) => text !== view.texts[index - 1]);
    expect(once).toEqual(['before', 'meanwhile', 'after'].map((text) => `You said: ${text}`));
  });

  it('from Redis answers on, and hears of what operators want as soon as it is back', async () => {
    const { bot, agent_id, ada, view } = await served();
    through('redis').freeze();
    ada.says(bot, 'hello');
    await telegram.until(() => view.replies.length === 1, 'an answer without Redis');
    through('redis').thaw();
    await until(
      'it is stopped',
      async () => {
        const stopped = await roost()
          .api.telegram(agent_id, 'stop')
          .catch(() => null);
        return stopped?.desired === 'stopped';
      },
      60_000,
    );
  });
});
