import { internalPaths, type SpentToday } from '@roost/contracts';
import type { ManagerClient } from '../exchange/manager.client';

/** Milliseconds after which the manager is asked again: it books what others spend for the agent, too. */
const ASK_AGAIN_MS = 60_000;
/** Milliseconds a run waits for the first answer, as long as for its memory; and for those that only refresh it. */
const FIRST_MS = 120_000;
const REFRESH_MS = 3_000;
const HOUR_S = 3_600;

/** The agent has spent what it may spend today; `message` is shown to users. */
export class BudgetExhaustedError extends Error {
  override readonly name = 'BudgetExhaustedError';
}

interface Day {
  /** Milliseconds of this process. */
  ends_at: number;
  asked_at: number;
  spent: number;
}

/** Keeps an agent within `limits.tokens_per_day`. There is one runner an agent, so what it counts itself is nearly all. */
export class TokenBudget {
  private day: Day | null = null;

  constructor(private readonly manager: Pick<ManagerClient, 'request'>) {}

  /** @throws {BudgetExhaustedError} when nothing is left; {ManagerUnavailableError} when that cannot be found out. */
  async check(tokens_per_day: number, signal: AbortSignal): Promise<void> {
    const now = performance.now();
    if (this.day === null || now >= this.day.ends_at || now >= this.day.asked_at + ASK_AGAIN_MS)
      this.day = await this.known(signal);
    const { spent, ends_at } = this.day;
    if (spent < tokens_per_day) return;
    const hours = Math.ceil((ends_at - performance.now()) / 1_000 / HOUR_S);
    throw new BudgetExhaustedError(
      `The agent has spent its ${tokens_per_day} tokens of today. It answers again after midnight (UTC), in at most ${hours} h; limits.tokens_per_day raises the budget.`,
    );
  }

  spend(tokens: number): void {
    if (this.day) this.day.spent += tokens;
  }

  /** While the manager is away, what is known of today goes on. */
  private async known(signal: AbortSignal): Promise<Day> {
    try {
      return await this.ask(signal);
    } catch (error) {
      signal.throwIfAborted();
      if (this.day === null || performance.now() >= this.day.ends_at) throw error;
      this.day.asked_at = performance.now();
      return this.day;
    }
  }

  private async ask(signal: AbortSignal): Promise<Day> {
    const same = this.day !== null && performance.now() < this.day.ends_at ? this.day : null;
    const { tokens, resets_in_s } = await this.manager.request<SpentToday>({
      method: 'GET',
      path: internalPaths.budget,
      deadline_ms: same ? REFRESH_MS : FIRST_MS,
      signal,
    });
    const now = performance.now();
    return {
      ends_at: now + resets_in_s * 1_000,
      asked_at: now,
      // What is under way has not been booked yet.
      spent: Math.max(tokens, same?.spent ?? 0),
    };
  }
}
