import { type GatewayProcess, TelegramApi, until } from '@roost/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useInstallation } from '../use.installation';
import { startBot, useTelegram } from './use.telegram';

describe('on a bad day of Telegram, a bot', () => {
  const roost = useInstallation();
  const telegram = useTelegram(roost);
  const served = async (settings = {}) => {
    const { bot, agent_id } = await startBot(roost(), telegram(), settings);
    const ada = telegram().user({ first_name: 'Ada' });
    return { bot, agent_id, ada, view: telegram().chat(bot, ada) };
  };
  const statusOf = (agent_id: string) => roost().api.telegram(agent_id, 'status');

  it('waits for as long as it is asked to, longer each time, and then answers once', async () => {
    const { bot, ada, view } = await served();
    const waits_s = [1, 2, 4];
    for (const retry_after of waits_s)
      telegram().faults.next(
        'sendMessage',
        {
          kind: 'error',
          code: 429,
          description: `Too Many Requests: retry after ${retry_after}`,
          parameters: { retry_after },
        },
        { bot },
      );
    ada.says(bot, 'hello');
    await telegram().until(() => view.replies.length === 1, 'an answer');
    const sent = telegram().journal.of('sendMessage', bot);
    expect(sent.map(({ status }) => status)).toEqual([429, 429, 429, 200]);
    waits_s.forEach((wait, index) => {
      const between = (sent[index + 1]?.at ?? 0) - (sent[index]?.at ?? 0);
      expect(between).toBeGreaterThanOrEqual(wait * 1_000);
    });
    expect(view.texts).toEqual(['You said: hello']);
  });

  it('says that another program receives its updates, and goes on when that is over', async () => {
    const { bot, agent_id, ada, view } = await served();
    const description = 'Conflict: terminated by other getUpdates request';
    telegram().faults.next('getUpdates', { kind: 'error', code: 409, description }, { bot, times: 1_000 });
    const failed = await until(
      'the conflict is seen',
      async () => {
        const status = await statusOf(agent_id);
        return status.state === 'failed' && status;
      },
      60_000,
    );
    expect(failed.last_error).toMatchObject({
      code: 'another_receiver',
      detail: expect.stringContaining('stop it'),
    });
    telegram().faults.heal();
    ada.says(bot, 'hello');
    await telegram().until(() => view.texts.includes('You said: hello'), 'an answer', 60_000);
    await until('it runs', async () => (await statusOf(agent_id)).state === 'running', 30_000);
  });

  it('sends again what it does not know to have arrived: perhaps twice, in order, never not', async () => {
    const { bot, ada, view } = await served();
    telegram().faults.next('sendMessage', { kind: 'lost_answer' }, { bot });
    telegram().faults.next('sendMessage', { kind: 'reset' }, { bot });
    ada.says(bot, 'one');
    ada.says(bot, 'two');
    await telegram().until(() => view.texts.includes('You said: two'), 'both answers');
    expect(view.texts).toEqual(['You said: one', 'You said: one', 'You said: two']);
  });

  it('gives up what Telegram never takes, and answers what comes next', async () => {
    const { bot, agent_id, ada, view } = await served();
    const description = 'Bad Request: message text is not to our taste';
    telegram().faults.next('sendMessage', { kind: 'error', code: 400, description }, { bot });
    ada.says(bot, 'one');
    await telegram().until(() => telegram().journal.of('sendMessage', bot).length === 1, 'an attempt');
    ada.says(bot, 'two');
    await telegram().until(() => view.replies.length === 1, 'the second answer');
    expect(view.texts).toEqual(['You said: two']);
    expect(telegram().journal.of('sendMessage', bot)).toHaveLength(2);
    expect(await statusOf(agent_id)).toMatchObject({ state: 'running' });
  });

  it('sends the text alone where its formatting is refused', async () => {
    const { bot, ada, view } = await served();
    roost().model.reply('It is **open**.');
    const description = "Bad Request: can't parse entities: unsupported";
    telegram().faults.next('sendMessage', { kind: 'error', code: 400, description }, { bot });
    ada.says(bot, 'when?');
    await telegram().until(() => view.replies.length === 1, 'an answer');
    expect(view.replies[0]).toMatchObject({ text: 'It is open.', entities: [] });
  });

  it('answers each update once, though its webhook is told the last one first', async () => {
    const { bot, ada, view } = await served({ mode: 'webhook' });
    telegram().faults.reorderUpdates(bot, 3);
    for (const text of ['one', 'two', 'three']) ada.says(bot, text);
    await telegram().until(() => view.replies.length === 3, 'three answers');
    expect([...view.texts].sort()).toEqual(['You said: one', 'You said: three', 'You said: two']);
  });

  it('works off what came while it was stopped, each once and in order a chat', async () => {
    const { bot, agent_id } = await served();
    await roost().api.telegram(agent_id, 'stop');
    await until('it is stopped', async () => (await statusOf(agent_id)).state === 'stopped', 30_000);
    const people = Array.from({ length: 40 }, (_one, index) =>
      telegram().user({ first_name: `User ${index}` }),
    );
    const said = ['one', 'two', 'three', 'four', 'five'];
    for (const text of said) for (const person of people) person.says(bot, text);
    expect(bot.pending).toBe(200);

    await roost().api.telegram(agent_id, 'start');
    const isDone = (): boolean =>
      people.every((person) => telegram().chat(bot, person).replies.length >= said.length);
    await telegram().until(isDone, 'all 200 answers', 120_000);
    for (const person of people)
      expect(telegram().chat(bot, person).texts).toEqual(said.map((text) => `You said: ${text}`));
    expect((await statusOf(agent_id)).backlog).toBe(0);
  });

  it('answers others while one says far more than it can', async () => {
    const { bot, ada, view } = await served();
    const eve = telegram().user({ first_name: 'Eve' });
    roost().model.reply('Slowly. '.repeat(20), { to: 'flood', pace: { tokenDelayMs: 1_000 } });
    for (let count = 1; count <= 300; count += 1) eve.says(bot, `flood ${count}`);
    await telegram().until(() => telegram().chat(bot, eve).actions.length > 0, 'it is at work on them');
    ada.says(bot, 'hello');
    await telegram().until(() => view.texts.includes('You said: hello'), 'an answer to the other', 60_000);
  });

  it('breaks no rule of Telegram', () => {
    expect(telegram().violations).toEqual([]);
  });
});

describe('a webhook that nobody answers', () => {
  const roost = useInstallation();
  let telegram: TelegramApi;
  let gateway: GatewayProcess;
  beforeAll(async () => {
    telegram = await TelegramApi.start();
    gateway = await roost().startGateway(telegram.url);
  });
  afterAll(() => telegram.stop());

  it('is called again by Telegram, and each update is answered once', async () => {
    const { bot } = await startBot(roost(), telegram, { mode: 'webhook' });
    await gateway.kill();
    const ada = telegram.user({ first_name: 'Ada' });
    for (const text of ['one', 'two']) ada.says(bot, text);
    await telegram.until(
      () => telegram.webhookAttempts.filter(({ status }) => status === 0).length >= 3,
      'Telegram has tried',
    );
    const { port } = new URL(gateway.origin);
    await roost().startGateway(telegram.url, {
      GATEWAY_PORT: port,
      TELEGRAM_WEBHOOK_URL: gateway.origin,
    });
    const view = telegram.chat(bot, ada);
    await telegram.until(() => view.replies.length === 2, 'both answers', 60_000);
    expect(view.texts).toEqual(['You said: one', 'You said: two']);
    expect(telegram.webhookAttempts.some(({ attempt, status }) => attempt > 1 && status === 200)).toBe(true);
  });
});
