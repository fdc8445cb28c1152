import { describe, expect, it } from 'vitest';
import { approvalRequest } from './answers';
import type { Place } from './incoming';

const place = {
  chat_id: 7,
  topic_id: 0,
  is_private: true,
  user: { id: 7, is_bot: false, first_name: 'Ada', language_code: 'en' },
  message_id: 5,
} satisfies Place;

describe('a call that somebody has to approve', () => {
  it.each([0, 1])('is cut between characters, wherever the cut falls (%i)', (shift) => {
    const call = {
      approval_id: 'apr_1',
      tool: 'refund',
      arguments: { why: `${'x'.repeat(shift)}${'🥐'.repeat(3_000)}` },
    };
    const { text, entities } = approvalRequest(place, call).message;
    expect(text).not.toMatch(/\p{Surrogate}/u);
    expect(text).toContain('🥐…');
    expect(text.length).toBeLessThanOrEqual(4_096);
    for (const { offset, length } of entities) expect(offset + length).toBeLessThanOrEqual(text.length);
  });
});
