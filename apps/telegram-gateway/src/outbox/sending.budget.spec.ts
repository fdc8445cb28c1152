import { describe, expect, it } from 'vitest';
import { SendingBudget } from './sending.budget';

const rates = {
  private: { count: 3, per_ms: 3_000 },
  group: { count: 5, per_ms: 15_000 },
  bot: { count: 10, per_ms: 1_000 },
};
const user = 7;
const group = -7;

describe('the budget of a bot', () => {
  let now = 0;
  const budget = (): SendingBudget => {
    now = 0;
    return new SendingBudget(rates, () => now);
  };
  const takes = (of: SendingBudget, chat: number, times: number): number[] =>
    Array.from({ length: times }, () => of.take(chat));

  it('lets so many through in any stretch of time, and no more', () => {
    const limit = budget();
    expect(takes(limit, user, 4)).toEqual([0, 0, 0, 3_000]);
    now = 2_999;
    expect(limit.take(user)).toBe(1);
    now = 3_000;
    expect(takes(limit, user, 4)).toEqual([0, 0, 0, 3_000]);
  });

  it('is another one in groups', () => {
    const limit = budget();
    expect(takes(limit, group, 6)).toEqual([0, 0, 0, 0, 0, 15_000]);
  });

  it('is shared by all chats of the bot', () => {
    const limit = budget();
    const chats = Array.from({ length: 11 }, (_chat, index) => index + 1);
    expect(chats.map((chat) => limit.take(chat))).toEqual([...Array<number>(10).fill(0), 1_000]);
  });

  it('spends nothing on what has to wait', () => {
    const limit = budget();
    takes(limit, user, 10);
    now = 3_000;
    expect(takes(limit, user, 4)).toEqual([0, 0, 0, 3_000]);
  });

  it('gives to what may be dropped only what no message would miss', () => {
    const limit = budget();
    expect(limit.takeSpare(user)).toBe(true);
    expect(limit.takeSpare(user)).toBe(false);
    expect(takes(limit, user, 3)).toEqual([0, 0, 3_000]);
    now = 2_999;
    expect(limit.takeSpare(user)).toBe(false);
    now = 3_000;
    expect(limit.takeSpare(user)).toBe(true);
  });

  it('pauses a chat for as long as Telegram asks, and others for a moment: the bot may be meant', () => {
    const limit = budget();
    expect(limit.refused(user, 5_000)).toBe(1_500);
    expect(limit.take(user)).toBe(5_000);
    expect(limit.takeSpare(user)).toBe(false);
    expect(limit.take(user + 1)).toBe(1_500);
    now = 1_500;
    expect(limit.take(user + 1)).toBe(0);
    now = 5_000;
    expect(limit.take(user)).toBe(0);
  });

  it('pauses all chats for as long as Telegram asks when it asks it of two', () => {
    const limit = budget();
    limit.refused(user, 1_000);
    now = 200;
    expect(limit.refused(user + 1, 30_000)).toBe(30_000);
    expect(limit.take(user + 2)).toBe(30_000);
  });
});
