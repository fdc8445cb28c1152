import { ApiProblem, anAgent, until } from '@roost/testing';
import { Client } from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { useInstallation } from '../use.installation';
import { startBot, useTelegram } from './use.telegram';

describe('the updates of a bot', () => {
  const roost = useInstallation();
  const telegram = useTelegram(roost);
  let origin = '';
  beforeAll(async () => {
    origin = (await roost().startGateway(telegram().url)).origin;
  });

  /** What became of all that was said in a chat. */
  const outgoingTo = async (chat_id: number): Promise<object[]> => {
    const client = new Client({ connectionString: roost().database.url });
    await client.connect();
    try {
      const { rows } = await client.query<object>(
        'SELECT state, attempts, refusal FROM telegram.outgoing WHERE chat_id = $1',
        [chat_id],
      );
      return rows;
    } finally {
      await client.end();
    }
  };

  it('come by webhook, and only from who knows the secret of this very bot', async () => {
    const { bot } = await startBot(roost(), telegram(), { mode: 'webhook' });
    const ada = telegram().user({ first_name: 'Ada' });
    ada.says(bot, 'hello');
    await telegram().until(() => telegram().chat(bot, ada).replies.length === 1, 'an answer');

    const forged = { update_id: 9_999_999, message: { message_id: 1, text: 'forged' } };
    const post = (headers: Record<string, string>, body: unknown = forged, bot_id = String(bot.id)) =>
      fetch(`${origin}/telegram/webhooks/${bot_id}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      });
    expect((await post({})).status).toBe(403);
    expect((await post({}, forged, '9'.repeat(30))).status).toBe(403);
    expect((await post({ 'x-telegram-bot-api-secret-token': 'guessed' })).status).toBe(403);
    const { bot: other } = await startBot(roost(), telegram(), { mode: 'webhook' });
    const secretOf = (id: number): string => {
      const call = telegram()
        .journal.of('setWebhook')
        .filter((entry) => entry.bot_id === id)
        .at(-1);
      return String((call?.params as { secret_token?: unknown } | undefined)?.secret_token);
    };
    expect((await post({ 'x-telegram-bot-api-secret-token': secretOf(other.id) })).status).toBe(403);
    expect((await post({ 'x-telegram-bot-api-secret-token': secretOf(bot.id) }, { a: 1 })).status).toBe(400);
    expect((await post({ 'x-telegram-bot-api-secret-token': secretOf(bot.id) })).status).toBe(200);
  });

  it('are taken once, though Telegram says them twice and in another order', async () => {
    const { bot } = await startBot(roost(), telegram());
    const ada = telegram().user({ first_name: 'Ada' });
    telegram().faults.duplicateUpdates(bot, 3);
    for (const text of ['one', 'two', 'three']) ada.says(bot, text);
    const view = telegram().chat(bot, ada);
    await telegram().until(() => view.replies.length === 3, 'three answers');
    expect(view.texts).toEqual(['You said: one', 'You said: two', 'You said: three']);
  });

  it('are never asked for by two: a second agent with the same bot is refused', async () => {
    const { bot, agent_id } = await startBot(roost(), telegram());
    const { id } = await roost().api.createAgent(
      anAgent({ name: 'Second', integrations: [{ type: 'telegram', bot_token: bot.token }] }),
    );
    const refusal = await roost()
      .api.telegram(id, 'start')
      .catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(ApiProblem);
    expect((refusal as ApiProblem).problem).toMatchObject({ code: 'integration_conflict', status: 409 });
    expect((refusal as ApiProblem).problem.detail).toContain(agent_id);

    await roost().api.telegram(agent_id, 'stop');
    await until(
      'the first has let go',
      async () => (await roost().api.telegram(agent_id, 'status')).state === 'stopped',
      30_000,
    );
    await roost().api.telegram(id, 'start');
    const ada = telegram().user({ first_name: 'Ada' });
    ada.says(bot, 'who are you?');
    await telegram().until(() => telegram().chat(bot, ada).replies.length === 1, 'an answer of the second');
    expect(telegram().journal.answered(409)).toEqual([]);
  });

  it('stop with the integration, once what was received is answered; and start with what came meanwhile', async () => {
    const { bot, agent_id } = await startBot(roost(), telegram());
    const ada = telegram().user({ first_name: 'Ada' });
    const view = telegram().chat(bot, ada);
    roost().model.reply('Slow and steady.', { pace: { tokenDelayMs: 100 } });
    ada.says(bot, 'hello');
    await telegram().until(() => view.actions.length > 0, 'typing');
    expect(await roost().api.telegram(agent_id, 'stop')).toMatchObject({
      desired: 'stopped',
      state: 'stopping',
    });
    await telegram().until(() => view.texts.includes('Slow and steady.'), 'the answer');
    await until(
      'it is stopped',
      async () => (await roost().api.telegram(agent_id, 'status')).state === 'stopped',
      30_000,
    );

    ada.says(bot, 'is anybody there?');
    await roost().api.telegram(agent_id, 'start');
    await telegram().until(() => view.replies.length === 2, 'the answer to what came meanwhile');
  });

  it('say in the status why there are none', async () => {
    const { bot, agent_id } = await startBot(roost(), telegram());
    bot.revokeToken();
    const status = await until(
      'the refusal is seen',
      async () => {
        const seen = await roost().api.telegram(agent_id, 'status');
        return seen.state === 'failed' && seen;
      },
      30_000,
    );
    expect(status.last_error).toMatchObject({ code: 'token_refused' });
    expect(JSON.stringify(status)).not.toContain(bot.token);
    expect(roost().logs(10_000)).not.toContain(bot.token);
  });

  it('of a user who has blocked the bot end at the first refusal, while others are answered', async () => {
    const { bot } = await startBot(roost(), telegram());
    const ada = telegram().user({ first_name: 'Ada' });
    const bob = telegram().user({ first_name: 'Bob' });
    roost().model.reply('Too late.', { to: 'hello', pace: { tokenDelayMs: 100 } });
    ada.says(bot, 'hello');
    await telegram().until(() => telegram().chat(bot, ada).actions.length > 0, 'typing');
    ada.blocks(bot);
    const attempts = () =>
      telegram()
        .journal.of('sendMessage', bot)
        .filter(({ params }) => params['chat_id'] === ada.id);
    await telegram().until(() => attempts().length > 0, 'the refused answer');

    // More than may be sent at once: another attempt would have come by then.
    for (let count = 1; count <= 5; count += 1) bob.says(bot, `message ${count}`);
    await telegram().until(() => telegram().chat(bot, bob).replies.length === 5, 'the answers to another');
    expect(attempts().map(({ status }) => status)).toEqual([403]);
    expect(await outgoingTo(ada.id)).toEqual([
      { state: 'refused', attempts: 1, refusal: '403: Forbidden: bot was blocked by the user' },
    ]);
  });
});
