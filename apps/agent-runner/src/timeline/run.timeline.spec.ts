import { timelineSpans, type RunTimeline } from '@roost/contracts';
import { describe, expect, it } from 'vitest';
import { CLOCK_TOLERANCE_MS, runTimeline, type RunInstants } from './run.timeline';

const NOON = Date.UTC(2026, 0, 31, 12);

/** A message at noon that started its agent: every instant a round number of milliseconds later. */
const cold = (changes: Partial<RunInstants> = {}): RunInstants => ({
  accepted_at: NOON,
  wake: { launched_at: NOON + 10, exchanged_at: NOON + 410, pooled: false },
  process_started_at: NOON + 110,
  ready_at: NOON + 500,
  taken_up_at: NOON + 505,
  first_token_ms: 200,
  ended_ms: 1_000,
  ...changes,
});
/** The same agent, woken a minute before. */
const warm = (changes: Partial<RunInstants> = {}): RunInstants =>
  cold({
    wake: { launched_at: NOON - 60_000, exchanged_at: NOON - 59_600, pooled: false },
    process_started_at: NOON - 59_900,
    ready_at: NOON - 59_500,
    taken_up_at: NOON + 3,
    ...changes,
  });

const sum = (timeline: RunTimeline): number =>
  timelineSpans.reduce((total, span) => total + (timeline[`${span}_ms`] ?? 0), 0);

describe('the timeline of a run', () => {
  it('of a sleeping agent has every span, from one instant to the next', () => {
    expect(runTimeline(cold())).toEqual({
      accepted_at: '2026-01-31T12:00:00.000Z',
      wake: 'cold',
      queue_ms: 10 + 5,
      schedule_ms: 100,
      boot_ms: 300,
      ready_ms: 90,
      first_token_ms: 200,
      last_token_ms: 800,
      total_ms: 1_505,
      clock_skewed: false,
    });
  });

  it('of a running agent has no wake', () => {
    expect(runTimeline(warm())).toMatchObject({
      wake: 'none',
      queue_ms: 3,
      schedule_ms: 0,
      boot_ms: 0,
      ready_ms: 0,
      total_ms: 1_003,
    });
  });

  it('of an instance of the warm pool has neither schedule nor boot: its process was there before', () => {
    const pooled = runTimeline(
      cold({
        wake: { launched_at: NOON + 10, exchanged_at: NOON + 40, pooled: true },
        process_started_at: NOON - 60_000,
        ready_at: NOON + 60,
        taken_up_at: NOON + 60,
      }),
    );
    expect(pooled).toMatchObject({ wake: 'pool', queue_ms: 10, schedule_ms: 0, boot_ms: 0, ready_ms: 50 });
  });

  it('counts for a message that came during the wake only what was left of it', () => {
    const late = runTimeline(cold({ accepted_at: NOON + 300 }));
    expect(late).toMatchObject({ wake: 'cold', queue_ms: 5, schedule_ms: 0, boot_ms: 110, ready_ms: 90 });
  });

  it('counts waiting behind other messages of the thread as queueing', () => {
    expect(runTimeline(cold({ taken_up_at: NOON + 4_500 }))).toMatchObject({
      queue_ms: 10 + 4_000,
      ready_ms: 90,
    });
  });

  it('is ready when it takes a message up, though the manager has not heard of it yet', () => {
    const before = { queue_ms: 10, ready_ms: 80 };
    expect(runTimeline(cold({ taken_up_at: NOON + 490 }))).toMatchObject(before);
    expect(runTimeline(cold({ taken_up_at: NOON + 490, ready_at: null }))).toMatchObject(before);
  });

  it('of a run that failed gives the span under way the time until the failure', () => {
    expect(runTimeline(cold({ first_token_ms: null }))).toMatchObject({
      first_token_ms: 1_000,
      last_token_ms: null,
      total_ms: 1_505,
    });
  });

  it('says when the clocks contradict each other, and no span is negative', () => {
    const skewed = runTimeline(warm({ taken_up_at: NOON - CLOCK_TOLERANCE_MS - 1 }));
    expect(skewed).toMatchObject({ queue_ms: 0, total_ms: 1_000, clock_skewed: true });
    const before_its_exchange = runTimeline(cold({ taken_up_at: NOON + 100 }));
    expect(before_its_exchange).toMatchObject({ boot_ms: 300, ready_ms: 0, clock_skewed: true });
    expect(runTimeline(warm({ taken_up_at: NOON - CLOCK_TOLERANCE_MS }))).toMatchObject({
      clock_skewed: false,
    });
  });

  it('adds up, whatever the order and fractions of its instants', () => {
    const anywhere = (): number => NOON + (Math.random() - 0.5) * 3_000;
    for (let run = 0; run < 1_000; run += 1) {
      const ended_ms = Math.random() * 2_000;
      const timeline = runTimeline({
        accepted_at: anywhere(),
        wake: { launched_at: anywhere(), exchanged_at: anywhere(), pooled: run % 4 === 0 },
        process_started_at: anywhere(),
        ready_at: run % 5 === 0 ? null : anywhere(),
        taken_up_at: anywhere(),
        first_token_ms: run % 3 === 0 ? null : Math.random() * ended_ms,
        ended_ms,
      });
      expect(sum(timeline)).toBe(timeline.total_ms);
      for (const span of timelineSpans) expect(timeline[`${span}_ms`] ?? 0).toBeGreaterThanOrEqual(0);
    }
  });
});
