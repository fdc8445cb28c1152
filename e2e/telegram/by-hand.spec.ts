import { anAgent, TelegramApi, workspaceRoot } from '@roost/testing';
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useInstallation } from '../use.installation';

describe('a gateway with a bot of its own', () => {
  const roost = useInstallation();
  let telegram: TelegramApi;
  let bot: ReturnType<TelegramApi['bot']>;
  beforeAll(async () => {
    telegram = await TelegramApi.start();
    bot = telegram.bot();
    await roost().startGateway(telegram.url, { TELEGRAM_BOT_TOKEN: bot.token });
  });
  afterAll(() => telegram.stop());

  it('speaks through it for an agent without a token, for as long as npm run telegram runs', async () => {
    const { id } = await roost().api.createAgent(anAgent({ integrations: [{ type: 'telegram' }] }));
    const child = spawn('npm', ['run', '--silent', 'telegram', '--', '--agent-id', id], {
      cwd: workspaceRoot,
      env: { ...process.env, ROOST_URL: roost().origin, ROOST_API_KEY: roost().api.key ?? '' },
      // Of a group of its own, as a terminal has it: npm and what it starts are ended together.
      detached: true,
    });
    let shown = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (shown += text));
    const ended = once(child, 'exit');
    try {
      const ada = telegram.user({ first_name: 'Ada' });
      await telegram.until(() => shown.includes(`@${bot.username}: `), 'what becomes of the bot');
      ada.says(bot, 'hello');
      await telegram.until(() => telegram.chat(bot, ada).texts.includes('You said: hello'), 'an answer');
      await telegram.until(() => shown.includes(`@${bot.username}: running`), 'that it runs');
    } finally {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGINT');
      const timer = setTimeout(() => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL'), 20_000);
      await ended.finally(() => clearTimeout(timer));
    }
    expect(await roost().api.telegram(id, 'status')).toMatchObject({ desired: 'stopped' });
    expect(shown).not.toContain(bot.token);
  });

  it('tells Telegram its commands, in the languages it speaks', () => {
    const languages = telegram.journal
      .of('setMyCommands', bot)
      .map(({ params }) => (params as { language_code?: string }).language_code);
    expect(languages).toEqual(expect.arrayContaining([undefined, 'ru']));
    for (const commands of bot.commands.values())
      expect(commands.map(({ command }) => command as string)).toEqual(
        expect.arrayContaining(['help', 'new', 'stop']),
      );
  });
});
