import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DatabaseClock } from './database.clock';

const LOCAL = Date.UTC(2026, 0, 31, 12);
/** The database's clock is an hour ahead. */
const HOUR = 3_600_000;

describe('DatabaseClock', () => {
  beforeEach(() => void vi.useFakeTimers({ now: LOCAL }));
  afterEach(() => void vi.useRealTimers());

  it('knows nothing before the first sample', () => {
    expect(new DatabaseClock().now()).toBeNull();
  });

  it("tells the other clock's time from the middle of a round trip, and goes on", () => {
    const clock = new DatabaseClock();
    clock.sample(LOCAL, LOCAL + 20, LOCAL + 10 + HOUR);
    expect(clock.now()).toBe(LOCAL + HOUR);
    vi.advanceTimersByTime(5_000);
    expect(clock.now()).toBe(LOCAL + HOUR + 5_000);
  });

  it('believes the sample with the shortest round trip, whenever it came', () => {
    const clock = new DatabaseClock();
    clock.sample(LOCAL, LOCAL + 400, LOCAL + HOUR);
    clock.sample(LOCAL, LOCAL + 4, LOCAL + 2 + HOUR);
    clock.sample(LOCAL, LOCAL + 900, LOCAL + HOUR);
    expect(clock.now()).toBe(LOCAL + HOUR);
  });

  it('ignores a sample during which this clock was set back', () => {
    const clock = new DatabaseClock();
    clock.sample(LOCAL, LOCAL - 1, LOCAL);
    expect(clock.now()).toBeNull();
  });
});
