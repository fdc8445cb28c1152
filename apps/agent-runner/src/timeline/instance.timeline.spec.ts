import { DatabaseClock } from './database.clock';
import { InstanceTimeline } from './instance.timeline';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const NOON = Date.UTC(2026, 0, 31, 12);
const wake = { launched_at: NOON, exchanged_at: NOON + 300, pooled: false, clock: NOON + 300 };

/** An instance whose own clock is a day behind the database's. */
function skewedInstance(): InstanceTimeline {
  const clock = new DatabaseClock();
  clock.sample(Date.now(), Date.now(), NOON + 300);
  return new InstanceTimeline(wake, clock, Date.now() - 200);
}

describe('InstanceTimeline', () => {
  beforeEach(() => void vi.useFakeTimers({ now: NOON - 86_400_000 }));
  afterEach(() => void vi.useRealTimers());

  it('times a run by the database, however wrong its own clock is', () => {
    const instance = skewedInstance();
    vi.advanceTimersByTime(50);
    instance.ready(NOON + 350);
    const run = instance.begin(NOON);
    vi.advanceTimersByTime(20);
    run.token();
    vi.advanceTimersByTime(80);
    run.token();
    vi.advanceTimersByTime(500);
    expect(run.completed()).toMatchObject({
      schedule_ms: 100,
      boot_ms: 200,
      ready_ms: 50,
      first_token_ms: 20,
      last_token_ms: 80,
      total_ms: 450,
      clock_skewed: false,
    });
  });

  it('lets a failure end the span under way', () => {
    const instance = skewedInstance();
    const run = instance.begin(NOON);
    vi.advanceTimersByTime(70);
    expect(run.failed()).toMatchObject({ first_token_ms: 70, last_token_ms: null });
    run.token();
    vi.advanceTimersByTime(30);
    expect(run.failed()).toMatchObject({ first_token_ms: 70, last_token_ms: 30 });
  });

  it('says nothing when the manager did not tell how the instance came up', () => {
    const instance = new InstanceTimeline(undefined, new DatabaseClock());
    expect(instance.begin(NOON).completed()).toBeUndefined();
  });
});
