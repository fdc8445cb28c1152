import { pino } from 'pino';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { BotApi } from '../bot-api/bot-api.client';
import { BotApiRefusal } from '../bot-api/bot-api.error';
import { botCommands } from '../texts/texts';
import { BotCommands } from './bot.commands';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('commands of a bot that Telegram did not take are told again, no sooner than it asks for, and then no more', async () => {
  const call = vi
    .fn<(method: string, payload: { language_code?: string }) => Promise<true>>()
    .mockResolvedValue(true)
    .mockRejectedValueOnce(new BotApiRefusal(429, 'Too Many Requests', 90));
  const commands = new BotCommands({ call } as unknown as BotApi, pino({ enabled: false }));
  for (let refresh = 1; refresh <= 3; refresh += 1) {
    await commands.tell();
    expect(call).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(30_000);
  }
  await commands.tell();
  await commands.tell();
  const told = call.mock.calls.slice(1).map(([, { language_code }]) => language_code ?? null);
  expect(told).toEqual(botCommands.map(({ language_code }) => language_code));
});
