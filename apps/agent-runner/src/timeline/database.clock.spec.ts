import { describe, expect, it } from 'vitest';
import { DatabaseClock } from './database.clock';

const NOON = Date.UTC(2026, 0, 31, 12);
/** The database's clock is an hour ahead. */
const HOUR = 3_600_000;

describe('DatabaseClock', () => {
  it('knows nothing before the first sample', () => {
    expect(new DatabaseClock().at(NOON)).toBeNull();
  });

  it("tells the other clock's time from the middle of a round trip", () => {
    const clock = new DatabaseClock();
    clock.sample(NOON, NOON + 20, NOON + 10 + HOUR);
    expect(clock.at(NOON + 5_000)).toBe(NOON + HOUR + 5_000);
  });

  it('is exact though one request was slow to leave, and the answer to another slow to be read', () => {
    const clock = new DatabaseClock();
    clock.sample(NOON, NOON + 302, NOON + 300 + HOUR);
    clock.sample(NOON + 1_000, NOON + 1_402, NOON + 1_002 + HOUR);
    expect(clock.at(NOON)).toBe(NOON + HOUR);
  });

  it('is not worse for a later, slower answer', () => {
    const clock = new DatabaseClock();
    clock.sample(NOON, NOON + 4, NOON + 2 + HOUR);
    clock.sample(NOON, NOON + 900, NOON + 890 + HOUR);
    expect(clock.at(NOON)).toBe(NOON + HOUR);
  });

  it('believes the newest answer when a clock was set in between', () => {
    const clock = new DatabaseClock();
    clock.sample(NOON, NOON + 4, NOON + 2);
    clock.sample(NOON, NOON + 4, NOON + 2 + HOUR);
    expect(clock.at(NOON)).toBe(NOON + HOUR);
  });

  it('ignores an answer during which this clock was set back', () => {
    const clock = new DatabaseClock();
    clock.sample(NOON, NOON - 1, NOON);
    expect(clock.at(NOON)).toBeNull();
  });
});
