import { expect, it, vi } from 'vitest';
import type { BotApi } from '../bot-api/bot-api.client';
import { BotApiRefusal } from '../bot-api/bot-api.error';
import type { BotsRepository } from '../bots/bots.repository';
import { receiveByWebhook } from './webhook.receiver';

it('a webhook that Telegram wants to hear of later is told again no sooner', async () => {
  const asked: number[] = [];
  const call = () => {
    asked.push(performance.now());
    if (asked.length === 1) return Promise.reject(new BotApiRefusal(429, 'Too Many Requests', 2));
    return Promise.resolve(true);
  };
  const working = vi.fn<() => void>();
  const failing = vi.fn<(error: Error) => void>();
  await receiveByWebhook(
    { call } as unknown as BotApi,
    { setWebhookSecret: () => Promise.resolve(true) } as unknown as BotsRepository,
    {
      bot_id: 7,
      holder: 'me',
      origin: 'https://roost.example',
      secret_token: 'secret',
      signal: new AbortController().signal,
    },
    { received: () => undefined, lost: () => undefined, working, failing },
  );
  expect(failing).toHaveBeenCalledTimes(1);
  expect(working).toHaveBeenCalledTimes(1);
  // Less what timers are early by.
  expect((asked[1] ?? 0) - (asked[0] ?? 0)).toBeGreaterThanOrEqual(1_990);
});
