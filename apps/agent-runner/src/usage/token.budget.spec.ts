import type { SpentToday } from '@roost/contracts';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ManagerUnavailableError } from '../exchange/manager.client';
import { BudgetExhaustedError, TokenBudget } from './token.budget';

const NEVER = new AbortController().signal;
let booked: SpentToday;
let asked: number;
let isAway: boolean;
const budget = () =>
  new TokenBudget({
    request: <Result>() => {
      asked += 1;
      return isAway ? Promise.reject(new ManagerUnavailableError('away')) : Promise.resolve(booked as Result);
    },
  });

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  booked = { tokens: 0, resets_in_s: 7_200 };
  asked = 0;
  isAway = false;
});
afterEach(() => vi.useRealTimers());

it('lets calls through until what was booked and what was spent since reach the budget', async () => {
  booked.tokens = 60;
  const spending = budget();
  await spending.check(100, NEVER);
  spending.spend(39);
  await spending.check(100, NEVER);
  spending.spend(1);
  await expect(spending.check(100, NEVER)).rejects.toThrow(BudgetExhaustedError);
  expect(asked).toBe(1);
});

it('says when the agent answers again', async () => {
  booked.tokens = 100;
  await expect(budget().check(100, NEVER)).rejects.toThrow(/its 100 tokens of today.*in at most 2 h/);
});

it('learns within a minute what was spent elsewhere, and forgets nothing that is not booked yet', async () => {
  const spending = budget();
  await spending.check(100, NEVER);
  spending.spend(30);
  vi.advanceTimersByTime(60_000);
  booked.tokens = 10;
  await spending.check(31, NEVER);
  await expect(spending.check(30, NEVER)).rejects.toThrow(BudgetExhaustedError);
  vi.advanceTimersByTime(60_000);
  booked.tokens = 100;
  await expect(spending.check(100, NEVER)).rejects.toThrow(BudgetExhaustedError);
});

it('begins anew with the day', async () => {
  booked = { tokens: 100, resets_in_s: 30 };
  const spending = budget();
  await expect(spending.check(100, NEVER)).rejects.toThrow(BudgetExhaustedError);
  vi.advanceTimersByTime(30_000);
  booked = { tokens: 0, resets_in_s: 86_400 };
  await spending.check(100, NEVER);
});

it('goes on with what it knows while the manager is away, and asks it once a minute', async () => {
  booked.tokens = 50;
  const spending = budget();
  await spending.check(100, NEVER);
  isAway = true;
  vi.advanceTimersByTime(60_000);
  await spending.check(100, NEVER);
  await spending.check(100, NEVER);
  expect(asked).toBe(2);
  spending.spend(50);
  await expect(spending.check(100, NEVER)).rejects.toThrow(BudgetExhaustedError);
  vi.advanceTimersByTime(7_200_000);
  await expect(spending.check(100, NEVER)).rejects.toThrow(ManagerUnavailableError);
});
