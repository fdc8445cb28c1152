import type { PresentInstance } from '@roost/launcher';
import { describe, expect, it } from 'vitest';
import { isOver, maybeNotThereYet, nameEnd } from './observation';

const exited = (exit_code: number | null, oom_killed = false): PresentInstance => ({
  instance_id: 'inst-a',
  agent_id: 'agent_a_aaaa',
  generation: 1,
  state: 'exited',
  created_at: '',
  started_at: '',
  ended_at: '',
  exit_code,
  oom_killed,
});
const running = { state: 'running', by_hand: false, claimed: false } as const;

describe('the end of an instance', () => {
  it.each([
    ['of a running one is a lost process', running, exited(1), 'process_lost'],
    ['of one that vanished is a lost process', running, null, 'process_lost'],
    [
      'of one that was not ready is a failed start',
      { state: 'starting', by_hand: false, claimed: false } as const,
      exited(0),
      'start_failed',
    ],
    [
      'by the memory limit is named so, whatever its state',
      { state: 'initializing', by_hand: false, claimed: false } as const,
      exited(137, true),
      'oom_killed',
    ],
  ])('%s', (_name, instance, seen, reason) => {
    expect(nameEnd(instance, seen)).toMatchObject({ reason });
  });

  it.each([
    ['evicted', 'was evicted: out of memory'],
    ['node_lost', 'was lost with its node: out of memory'],
  ] as const)(
    'that the platform brought about (%s) is named so, though nobody saw a code',
    (kind, detail) => {
      const seen = { ...exited(null), trouble: { kind, message: 'out of memory' } };
      expect(nameEnd(running, seen)).toMatchObject({
        reason: 'process_lost',
        detail: `The runner ${detail}`,
      });
      expect(nameEnd({ ...running, state: 'initializing' }, seen)).toMatchObject({
        reason: 'start_failed',
        detail: expect.stringContaining('before it was ready'),
      });
    },
  );

  it('that was asked for is no failure', () => {
    expect(nameEnd({ state: 'stopping', by_hand: false, claimed: false }, exited(137, true))).toBeNull();
  });

  it('of a pool member that never took its agent is no failure of the agent', () => {
    const claimed = { by_hand: false, claimed: true } as const;
    expect(nameEnd({ ...claimed, state: 'starting' }, exited(137, true))).toBeNull();
    expect(nameEnd({ ...claimed, state: 'starting' }, null)).toBeNull();
    expect(nameEnd({ ...claimed, state: 'initializing' }, null)).toMatchObject({ reason: 'start_failed' });
  });

  it('of one that a person ran is no failure', () => {
    expect(nameEnd({ state: 'running', by_hand: true, claimed: false }, null)).toBeNull();
  });

  it.each([
    ['that somebody else asked for', 0],
    ['of one that Redis forgot', 66],
    ['that nobody saw', null],
  ])('%s is no failure', (_name, exit_code) => {
    expect(nameEnd(running, exited(exit_code))).toBeNull();
  });
});

describe('an instance that is not seen', () => {
  it('may just not be there yet while it is starting', () => {
    expect(maybeNotThereYet({ state: 'starting', claimed: false })).toBe(true);
    expect(maybeNotThereYet({ state: 'running', claimed: false })).toBe(false);
    // It was there when it was claimed.
    expect(maybeNotThereYet({ state: 'starting', claimed: true })).toBe(false);
  });
});

describe('an instance', () => {
  const starting = { state: 'starting', claimed: false } as const;

  it('is over once it has ended, or is not there though it was', () => {
    expect(isOver(running, exited(0))).toBe(true);
    expect(isOver(running, null)).toBe(true);
    expect(isOver(running, { ...exited(null), state: 'running' })).toBe(false);
  });

  it('that ended before it began is not over yet: whoever launches it says why', () => {
    expect(isOver(starting, { ...exited(null), started_at: null })).toBe(false);
    expect(isOver(starting, null)).toBe(false);
    expect(isOver(starting, exited(1))).toBe(true);
    const evicted = { kind: 'evicted', message: '' } as const;
    expect(isOver(starting, { ...exited(null), started_at: null, trouble: evicted })).toBe(true);
  });
});
