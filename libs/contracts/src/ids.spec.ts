import { describe, expect, it } from 'vitest';
import {
  AGENT_ID_PATTERN,
  MESSAGE_ID_PATTERN,
  newAgentId,
  newInstanceId,
  newMessageId,
  newThreadId,
  THREAD_ID_PATTERN,
} from './ids';

describe('ids', () => {
  it('carry at least 122 random bits for threads and messages', () => {
    const bits = 22 * Math.log2(62);
    expect(bits).toBeGreaterThan(122);
    expect(newThreadId()).toMatch(THREAD_ID_PATTERN);
    expect(newMessageId()).toMatch(MESSAGE_ID_PATTERN);
  });

  it('never repeat within ten thousand', () => {
    expect(new Set(Array.from({ length: 10_000 }, newThreadId)).size).toBe(10_000);
  });

  it('of agents are the slug and four characters', () => {
    expect(newAgentId('opening_hours')).toMatch(/^agent_opening_hours_[a-z0-9]{4}$/);
    expect(newAgentId('opening_hours')).toMatch(AGENT_ID_PATTERN);
  });

  it('of instances are DNS labels', () => {
    expect(newInstanceId()).toMatch(/^[a-z]([a-z0-9-]{0,61}[a-z0-9])$/);
  });
});
