import type { InboxEntry } from '@roost/contracts';
import { describe, expect, it } from 'vitest';
import { planInbox, unwanted } from './inbox.plan';

/** `a1` is the message 1 of the thread a. */
const entry = (name: string): InboxEntry => ({
  message_id: name,
  thread_id: name.charAt(0),
  content: name,
  channel: 'api',
  user_id: null,
  user_data: {},
  claimed: {},
  version: 1,
  accepted_at: 0,
});
const owed = (...names: string[]) => names.map(entry);
const present = (...names: string[]) =>
  names.map((name, index) => ({ id: `${index}-0`, payload: entry(name) }));
const plan = (...args: Parameters<typeof planInbox>) => {
  const { removed_ids, added } = planInbox(...args);
  return { removed_ids, added: added.map(({ message_id }) => message_id) };
};
const none = new Set<string>();

describe('what an inbox needs', () => {
  it('is nothing when it holds what is owed', () =>
    expect(plan(owed('a1', 'a2'), present('a1', 'a2'), none)).toEqual({ removed_ids: [], added: [] }));

  it('is what is missing, in order', () =>
    expect(plan(owed('a1', 'b1', 'a2'), [], none)).toEqual({ removed_ids: [], added: ['a1', 'b1', 'a2'] }));

  it('is a missing message before later ones of its thread, and other threads as they are', () =>
    expect(plan(owed('a1', 'b1', 'a2'), present('b1', 'a2'), none)).toEqual({
      removed_ids: ['1-0'],
      added: ['a1', 'a2'],
    }));

  it('is nothing for what is under way', () =>
    expect(plan(owed('a1', 'a2'), present('a2'), new Set(['a1']))).toEqual({ removed_ids: [], added: [] }));

  it('is to lose what nobody is owed', () =>
    expect(unwanted(owed('a1'), present('a0', 'a1', 'a0'))).toEqual(['0-0', '2-0']));
});
