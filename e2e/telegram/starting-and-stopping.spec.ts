import { ApiProblem, anAgent, type TelegramBot, until } from '@roost/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { useInstallation } from '../use.installation';
import { startBot, useTelegram } from './use.telegram';

describe('the bot of an agent', () => {
  const roost = useInstallation();
  const telegram = useTelegram(roost);
  beforeAll(async () => {
    // Whatever is asked of one gateway, the other may have the bot.
    await roost().startGateway(telegram().url);
  });

  const statusOf = (agent_id: string) => roost().api.telegram(agent_id, 'status');
  const reaches = (agent_id: string, state: string): Promise<unknown> =>
    until(`it is ${state}`, async () => (await statusOf(agent_id)).state === state, 30_000);
  const speaksThrough = async (bot: TelegramBot, welcome_message: string): Promise<string> => {
    const { id } = await roost().api.createAgent(
      anAgent({
        integrations: [{ type: 'telegram', bot_token: bot.token, streaming: 'off', welcome_message }],
      }),
    );
    return id;
  };

  it('takes nothing by webhook once it is stopped; Telegram keeps that until it is started', async () => {
    const { bot, agent_id } = await startBot(roost(), telegram(), { mode: 'webhook' });
    const ada = telegram().user({ first_name: 'Ada' });
    const view = telegram().chat(bot, ada);
    ada.says(bot, 'hello');
    await telegram().until(() => view.replies.length === 1, 'an answer');

    await roost().api.telegram(agent_id, 'stop');
    ada.says(bot, 'is anybody there?');
    await reaches(agent_id, 'stopped');
    expect(bot.webhook.settings).toBeNull();
    expect(bot.pending).toBe(1);
    expect(await statusOf(agent_id)).toMatchObject({ backlog: 0 });

    await roost().api.telegram(agent_id, 'start');
    await telegram().until(() => view.replies.length === 2, 'the answer to what Telegram kept');
    expect(view.texts).toEqual(['You said: hello', 'You said: is anybody there?']);
  });

  it('runs again at once when it is stopped and started in one breath', async () => {
    const { bot, agent_id } = await startBot(roost(), telegram());
    const ada = telegram().user({ first_name: 'Ada' });
    for (let round = 1; round <= 3; round += 1) {
      await roost().api.telegram(agent_id, 'stop');
      await roost().api.telegram(agent_id, 'start');
      ada.says(bot, `round ${round}`);
      await telegram().until(() => telegram().chat(bot, ada).replies.length === round, 'an answer');
      await reaches(agent_id, 'running');
    }
    // A start that changes nothing shows no other state for longer than a look.
    await roost().api.telegram(agent_id, 'start');
    await reaches(agent_id, 'running');
  });

  it('speaks for the next agent at once when what the former owed was dropped', async () => {
    const { bot, agent_id } = await startBot(roost(), telegram(), { welcome_message: 'I am the first.' });
    const next = await speaksThrough(bot, 'I am the second.');
    const ada = telegram().user({ first_name: 'Ada' });
    const view = telegram().chat(bot, ada);
    ada.says(bot, '/start');
    await telegram().until(() => view.replies.length === 1, 'the first welcome');

    await roost().api.telegram(agent_id, 'stop?force=true');
    await roost().api.telegram(next, 'start');
    ada.says(bot, '/start');
    await telegram().until(() => view.replies.length === 2, 'the second welcome');
    expect(view.texts).toEqual(['I am the first.', 'I am the second.']);
    await reaches(next, 'running');
  });

  it('is not given away while it still answers, and ends what it does when that is dropped', async () => {
    const { bot, agent_id } = await startBot(roost(), telegram(), { streaming: 'draft' });
    const next = await speaksThrough(bot, 'I am the second.');
    const ada = telegram().user({ first_name: 'Ada' });
    const view = telegram().chat(bot, ada);
    roost().model.reply('Once upon a time '.repeat(50), { pace: { tokenDelayMs: 500 } });
    ada.says(bot, 'tell me a story');
    await telegram().until(() => view.drafts.length > 0, 'the beginning of the answer');

    await roost().api.telegram(agent_id, 'stop');
    const refusal = await roost()
      .api.telegram(next, 'start')
      .catch((error: unknown) => error);
    expect((refusal as ApiProblem).problem).toMatchObject({ code: 'integration_conflict', status: 409 });
    expect((refusal as ApiProblem).problem.detail).toContain(
      `/agents/${agent_id}/integrations/telegram/stop`,
    );

    await roost().api.telegram(agent_id, 'stop?force=true');
    await reaches(agent_id, 'stopped');
    const [thread] = (await roost().api.threads(agent_id)).items;
    const told = async () => (await roost().api.messages(thread?.id ?? '')).items;
    await until(
      'the run has ended',
      async () => (await told()).some(({ interrupted }) => interrupted),
      30_000,
    );
    expect(view.replies).toEqual([]);
    await roost().api.telegram(next, 'start');
    await reaches(next, 'running');
  });

  it('follows within seconds what is changed of it, whichever gateway has it', async () => {
    const { bot, agent_id } = await startBot(roost(), telegram());
    const ada = telegram().user({ first_name: 'Ada' });
    const changedTo = (settings: object) =>
      roost().api.patchAgent(agent_id, {
        integrations: [{ type: 'telegram', streaming: 'off', ...settings }],
      });
    for (let round = 1; round <= 3; round += 1) {
      await changedTo({ welcome_message: `Welcome ${round}` });
      const said = (): boolean => telegram().chat(bot, ada).texts.includes(`Welcome ${round}`);
      await until(
        'the new welcome is said',
        () => {
          ada.says(bot, '/start');
          return telegram()
            .until(said, 'a welcome', 1_500)
            .catch(() => undefined);
        },
        15_000,
      );
    }

    await changedTo({ mode: 'webhook' });
    await until('its mode is another', async () => (await statusOf(agent_id)).mode === 'webhook', 15_000);
    await telegram().until(() => bot.webhook.settings !== null, 'a webhook');
  });

  it('gives way to another bot of the agent, and takes nothing of what that one was told along', async () => {
    const { bot, agent_id } = await startBot(roost(), telegram(), { mode: 'webhook' });
    const next = telegram().bot();
    const people = Array.from({ length: 5 }, (_one, index) =>
      telegram().user({ first_name: `User ${index}` }),
    );
    for (const person of people) person.says(next, 'hello, new one');
    await roost().api.patchAgent(agent_id, {
      integrations: [{ type: 'telegram', bot_token: next.token, streaming: 'off' }],
    });
    await roost().api.telegram(agent_id, 'start');
    const answered = (): boolean =>
      people.every((person) => telegram().chat(next, person).replies.length === 1);
    await telegram().until(answered, 'the new bot has answered each');
    await telegram().until(() => bot.webhook.settings === null, 'the webhook of the former is removed');
    expect(await statusOf(agent_id)).toMatchObject({ bot_username: next.username, state: 'running' });
  });

  it('is told its webhook again when somebody has removed it', async () => {
    const { bot } = await startBot(roost(), telegram(), { mode: 'webhook' });
    const removed = await fetch(`${telegram().url}/bot${bot.token}/deleteWebhook`, { method: 'POST' });
    expect(removed.status).toBe(200);
    const ada = telegram().user({ first_name: 'Ada' });
    ada.says(bot, 'hello?');
    await telegram().until(() => telegram().chat(bot, ada).replies.length === 1, 'an answer', 60_000);
  });

  it('is taken back from Telegram with its agent', async () => {
    const { bot, agent_id } = await startBot(roost(), telegram(), { mode: 'webhook' });
    expect(bot.webhook.settings).not.toBeNull();
    await roost().api.deleteAgent(agent_id);
    await telegram().until(() => bot.webhook.settings === null, 'the webhook is removed');
  });

  it('breaks no rule of Telegram', () => {
    expect(telegram().violations).toEqual([]);
    expect(telegram().journal.answered(409)).toEqual([]);
  });
});
