import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { BotApi } from '../bot-api/bot-api.client';
import { BotApiSilence } from '../bot-api/bot-api.error';
import { SendingBudget } from '../outbox/sending.budget';
import { LiveView, type LiveViewOptions } from './live.view';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** What a user sees of an answer, over a Telegram that hangs in one method until the caller leaves or it is told. */
async function showing(streaming: LiveViewOptions['streaming'], hangs: string) {
  let answer: (result: object) => void = () => undefined;
  const call = vi.fn((method: string, _payload: object, { signal }: { signal?: AbortSignal } = {}) => {
    if (method !== hangs) return Promise.resolve({ message_id: 1 });
    return new Promise<object>((resolve, reject) => {
      answer = resolve;
      signal?.addEventListener('abort', () => reject(new BotApiSilence('AbortError')));
    });
  });
  const rate = { count: 1_000, per_ms: 1 };
  const view = new LiveView(
    { call } as unknown as BotApi,
    new SendingBudget({ private: rate, group: rate, bot: rate }),
    {
      place: { chat_id: 7, topic_id: 0, is_private: true } as LiveViewOptions['place'],
      update_id: 1,
      streaming,
      isPaused: () => false,
      shown_message_id: null,
      onShown: () => Promise.resolve(),
      onRefused: () => undefined,
    },
  );
  view.add('Once upon');
  await vi.advanceTimersByTimeAsync(2_000);
  view.add(' a time');
  await vi.advanceTimersByTimeAsync(4_000);
  expect(call.mock.lastCall?.[0]).toBe(hangs);
  return { view, call, answer: () => answer({ message_id: 1 }) };
}

describe('what shows that an answer is written', () => {
  it.each([
    ['off', 'sendChatAction'],
    ['draft', 'sendMessageDraft'],
  ] as const)('with streaming %s holds up no answer, though %s hangs', async (streaming, hangs) => {
    const { view, call } = await showing(streaming, hangs);
    await view.end();
    const calls = call.mock.calls.length;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(call).toHaveBeenCalledTimes(calls);
  });

  it.each(['sendMessage', 'editMessageText'])(
    'is waited for where it stays in the chat: %s',
    async (hangs) => {
      const { view, answer } = await showing('edit', hangs);
      const ended = vi.fn<() => void>();
      const end = view.end().then(ended);
      await vi.advanceTimersByTimeAsync(10_000);
      expect(ended).not.toHaveBeenCalled();
      answer();
      await end;
      expect(view.shownMessageId).toBe(1);
    },
  );
});

it('shows nobody typing while a person is asked, and goes on once that is decided', async () => {
  const call = vi.fn<(method: string, payload: object) => Promise<boolean>>(() => Promise.resolve(true));
  let isPaused = false;
  const view = new LiveView({ call } as unknown as BotApi, new SendingBudget(), {
    place: { chat_id: 1, topic_id: 0, is_private: true } as LiveViewOptions['place'],
    update_id: 1,
    streaming: 'off',
    isPaused: () => isPaused,
    shown_message_id: null,
    onShown: () => Promise.resolve(),
    onRefused: () => undefined,
  });
  const typing = { chat_id: 1, action: 'typing' };
  expect(call.mock.calls.map(([method, payload]) => [method, payload])).toEqual([['sendChatAction', typing]]);

  isPaused = true;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(call).toHaveBeenCalledTimes(1);

  isPaused = false;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(call).toHaveBeenCalledTimes(2);
  expect(call.mock.lastCall?.slice(0, 2)).toEqual(['sendChatAction', typing]);
  await view.end();
});
