import { FaultProxy, GatewayProcess, TelegramApi, until } from '@roost/testing';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startBot } from '../../telegram/use.telegram';
import { useFaults } from '../use.faults';

interface Held {
  holder: string | null;
  /** How often it was taken over. */
  epoch: number;
  is_over: boolean | null;
}

describe('a bot whose gateway is cut off', () => {
  const { roost } = useFaults();
  let telegram: TelegramApi;
  const proxies: Record<'manager' | 'postgres' | 'other_postgres' | 'redis', FaultProxy | null> = {
    manager: null,
    postgres: null,
    other_postgres: null,
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
    proxies.other_postgres = await before(database_url);
    const { manager, redis } = proxies;
    // Two of them: what one lets go of, the other takes. The first one has the first bot.
    for (const postgres of [proxies.postgres, proxies.other_postgres])
      await roost().startGateway(telegram.url, {
        MANAGER_INTERNAL_URL: manager.inPlaceOf(roost().manager.internalOrigin),
        DATABASE_URL: postgres.inPlaceOf(database_url),
        REDIS_URL: redis.inPlaceOf(redis_url),
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
      const { rows } = await client.query<Held>(
        'SELECT holder, epoch, held_until < now() AS is_over FROM telegram.bots WHERE bot_id = $1',
        [bot_id],
      );
      return rows[0];
    } finally {
      await client.end();
    }
  };
  const databases = (): FaultProxy[] => [through('postgres'), through('other_postgres')];
  /** Freezes the way to PostgreSQL of whichever gateway has the bot, and resolves once another has taken it. */
  const cutOffHolder = async (bot_id: number): Promise<FaultProxy> => {
    const before = await held(bot_id);
    for (const proxy of databases()) {
      proxy.freeze();
      const isTaken = async () => (await held(bot_id))?.epoch !== before?.epoch;
      if (await until('it is taken over', isTaken, 20_000).catch(() => false)) return proxy;
      proxy.thaw();
    }
    throw new Error('no gateway was cut off from the bot');
  };
  /** A message whose sending was cut off may be there twice. */
  const onceOf = (texts: string[]) => texts.filter((text, index) => text !== texts[index - 1]);
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
    const reads = databases().map((proxy) =>
      proxy.on(/"telegram"\."(conversations|users)"/, { kind: 'cut' }, 3),
    );
    const said = ['one', 'two', 'three', 'four', 'five'];
    for (const text of said) ada.says(bot, text);
    await telegram.until(() => view.replies.length >= said.length, 'all answers', 120_000);
    expect(Math.max(...reads.map(({ hits }) => hits))).toBe(3);
    expect(view.texts).toEqual(said.map((text) => `You said: ${text}`));
  });

  it('from PostgreSQL just after it has sent an answer sends it once', async () => {
    const { bot, ada, view } = await served();
    const notes = databases().map((proxy) => proxy.on(/state = 'sent'/, { kind: 'cut' }, 3));
    for (const text of ['one', 'two']) ada.says(bot, text);
    await telegram.until(() => view.texts.includes('You said: two'), 'both answers', 60_000);
    expect(Math.max(...notes.map(({ hits }) => hits))).toBe(3);
    expect(view.texts).toEqual(['You said: one', 'You said: two']);
  });

  it('from PostgreSQL for longer than its lease, with all others, goes on: each answered, in order', async () => {
    const { bot, ada, view } = await served();
    ada.says(bot, 'before');
    await telegram.until(() => view.replies.length === 1, 'an answer');
    for (const proxy of databases()) proxy.freeze();
    ada.says(bot, 'meanwhile');
    await until('its lease is over', async () => (await held(bot.id))?.is_over, 30_000);
    for (const proxy of databases()) proxy.thaw();
    ada.says(bot, 'after');
    await telegram.until(() => view.texts.includes('You said: after'), 'the last answer', 120_000);
    expect(onceOf(view.texts)).toEqual(['before', 'meanwhile', 'after'].map((text) => `You said: ${text}`));
  });

  it('from PostgreSQL alone is taken over by another, and its gateway does it no harm when it is back', async () => {
    const { bot, ada, view } = await served();
    ada.says(bot, 'before');
    await telegram.until(() => view.replies.length === 1, 'an answer');
    const frozen = await cutOffHolder(bot.id);
    ada.says(bot, 'meanwhile');
    await telegram.until(() => view.texts.includes('You said: meanwhile'), 'an answer of the other', 60_000);
    const taken = await held(bot.id);
    frozen.thaw();
    for (const text of ['after', 'and after that']) {
      ada.says(bot, text);
      await telegram.until(() => view.texts.includes(`You said: ${text}`), 'an answer', 60_000);
    }
    expect(onceOf(view.texts)).toEqual(
      ['before', 'meanwhile', 'after', 'and after that'].map((text) => `You said: ${text}`),
    );
    expect(await held(bot.id)).toMatchObject({ holder: taken?.holder, epoch: taken?.epoch });
    expect(telegram.violations).toEqual([]);
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
