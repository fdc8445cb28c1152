import { setMaxListeners } from 'node:events';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { BotApi } from '../bot-api/bot-api.client';
import { BotApiRefusal, BotApiSilence } from '../bot-api/bot-api.error';
import type { OutgoingEntity } from './outgoing.entity';
import type { OutgoingRepository } from './outgoing.repository';
import { Sender } from './sender';
import { SendingBudget } from './sending.budget';

let ended: AbortController;
beforeEach(() => {
  ended = new AbortController();
  setMaxListeners(0, ended.signal);
});
afterEach(() => ended.abort());

const rate = { count: 1_000, per_ms: 1 };
const withoutLimits = () => new SendingBudget({ private: rate, group: rate, bot: rate });

const unsettled = () => new Promise<void>(() => undefined);

/** Messages of chats that wait in the outbox, one a chat at a time, and a sender for them. */
function sending(
  chats: number[],
  api: (chat_id: number) => Promise<number>,
  budget: SendingBudget,
  repository: Partial<OutgoingRepository> = {},
  created_at = new Date(),
) {
  const sent: number[] = [];
  const open = chats.map(
    (chat_id, id) =>
      ({
        id: String(id),
        chat_id,
        message: message(chat_id),
        attempts: 0,
        traceparent: null,
        created_at,
      }) as OutgoingEntity,
  );
  const take = (id: string) =>
    open.splice(
      open.findIndex((row) => row.id === id),
      1,
    );
  const outgoing = {
    next: (_bot: number, except: number[], limit: number) => {
      const heads = new Map<number, OutgoingEntity>();
      for (const row of open)
        if (!except.includes(row.chat_id) && !heads.has(row.chat_id)) heads.set(row.chat_id, row);
      return Promise.resolve([...heads.values()].slice(0, limit));
    },
    claim: () => Promise.resolve(true),
    sent: (id: string) => Promise.resolve(void take(id)),
    ...repository,
  } as unknown as OutgoingRepository;
  const call = async (_method: string, { chat_id }: { chat_id: number }) => {
    const message_id = await api(chat_id);
    sent.push(chat_id);
    return { message_id };
  };
  const context = { bot_id: 1, holder: 'me', signal: ended.signal, onRefused: () => Promise.resolve() };
  const sender = new Sender(
    { call } as unknown as BotApi,
    outgoing,
    budget,
    context,
    pino({ enabled: false }),
  );
  void sender.run();
  return sent;
}

const message = (chat_id: number): OutgoingEntity['message'] => ({
  text: `to ${chat_id}`,
  entities: [],
  topic_id: 0,
  reply_to: null,
  keyboard: null,
  replaces: null,
});

describe('what a bot sends', () => {
  it('to chats that have to wait holds up no other chat', async () => {
    const budget = new SendingBudget();
    const paused = Array.from({ length: 60 }, (_chat, index) => -index - 1);
    for (const chat_id of paused) budget.pauseChat(chat_id, 3_600_000);
    const sent = sending([...paused, 7], () => Promise.resolve(1), budget);
    await vi.waitFor(() => expect(sent).toEqual([7]));
  });

  it('is in at most eight requests at a time, and goes on as they are answered', async () => {
    const answers: (() => void)[] = [];
    const asked = vi.fn<() => void>();
    const api = (): Promise<number> => {
      asked();
      return new Promise((resolve) => answers.push(() => resolve(1)));
    };
    const chats = Array.from({ length: 20 }, (_chat, index) => index + 1);
    const sent = sending(chats, api, withoutLimits());
    await vi.waitFor(() => expect(asked).toHaveBeenCalledTimes(8));
    answers.shift()?.();
    await vi.waitFor(() => expect(asked).toHaveBeenCalledTimes(9));
    expect(sent).toHaveLength(1);
  });
  it('is sent once, though PostgreSQL cannot note it for a while; and nothing else goes to that chat before', async () => {
    const noted = vi
      .fn<OutgoingRepository['sent']>()
      .mockRejectedValueOnce(new Error('the connection was lost'))
      .mockRejectedValueOnce(new Error('the connection was lost'))
      .mockReturnValue(unsettled());
    const sent = sending([7, 7], () => Promise.resolve(42), withoutLimits(), { sent: noted });
    await vi.waitFor(() => expect(noted).toHaveBeenCalledTimes(3), 10_000);
    expect(noted.mock.calls).toEqual(Array(3).fill(['0', 42]));
    expect(sent).toEqual([7]);
  });

  it.each([
    ['its token is refused', new BotApiRefusal(401, 'Unauthorized')],
    ['Telegram does not answer', new BotApiSilence('ETIMEDOUT')],
  ])('is tried for a day while %s, and then given up', async (_why, error) => {
    const outcomeAfter = (hours: number): Promise<string> =>
      new Promise((resolve) => {
        const created_at = new Date(Date.now() - hours * 3_600_000);
        const noting = (outcome: string) => () => (resolve(outcome), unsettled());
        const repository = { later: noting('later'), refused: noting('refused') };
        sending([7], () => Promise.reject(error), withoutLimits(), repository, created_at);
      });
    expect(await outcomeAfter(23)).toBe('later');
    expect(await outcomeAfter(25)).toBe('refused');
  });
});
