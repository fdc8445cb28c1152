import { FaultProxy, TelegramApi, until } from '@roost/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBot } from '../../telegram/use.telegram';
import { useFaults } from '../use.faults';

describe('a bot whose gateway asks a manager that hangs', () => {
  const { roost } = useFaults();
  let telegram: TelegramApi;
  let proxy: FaultProxy;
  beforeAll(async () => {
    telegram = await TelegramApi.start();
    proxy = await FaultProxy.before({ port: Number(new URL(roost().manager.internalOrigin).port) });
    const { host, port } = proxy.address;
    // Two of them: what one lets go of, the other takes.
    for (let count = 0; count < 2; count += 1)
      await roost().startGateway(telegram.url, { MANAGER_INTERNAL_URL: `http://${host}:${port}` });
  });
  afterAll(async () => {
    await proxy.close();
    await telegram.stop();
  });

  const holderOf = async (bot_id: number): Promise<string | null> => {
    const client = new Client({ connectionString: roost().database.url });
    await client.connect();
    try {
      const { rows } = await client.query<{ holder: string | null }>(
        'SELECT holder FROM telegram.bots WHERE bot_id = $1',
        [bot_id],
      );
      return rows[0]?.holder ?? null;
    } finally {
      await client.end();
    }
  };

  it('stays with it, answers on, and is never received by two', async () => {
    const { bot, agent_id } = await startBot(roost(), telegram);
    const ada = telegram.user({ first_name: 'Ada' });
    const replies = () => telegram.chat(bot, ada).replies.length;
    ada.says(bot, 'hello');
    await telegram.until(() => replies() === 1, 'an answer');
    const holder = await holderOf(bot.id);

    const asked = proxy.on(/^GET \/internal\/integrations\//, { kind: 'hang' });
    // What changes has it ask; each time it waits longer than its lease lasts.
    await roost().api.patchAgent(agent_id, {
      integrations: [{ type: 'telegram', streaming: 'off', welcome_message: 'Hi' }] as never,
    });
    await until('it was asked', () => asked.hits > 0 || undefined, 60_000);
    const given_up = asked.hits;
    ada.says(bot, 'still there?');
    await telegram.until(() => replies() === 2, 'an answer while the manager hangs');
    await roost().api.patchAgent(agent_id, {
      integrations: [{ type: 'telegram', streaming: 'off', welcome_message: 'Hello' }] as never,
    });
    await until('it has given up and asks again', () => asked.hits > given_up || undefined, 60_000);

    expect(await holderOf(bot.id)).toBe(holder);
    expect(telegram.journal.answered(409)).toEqual([]);
    proxy.heal();
  });
});
