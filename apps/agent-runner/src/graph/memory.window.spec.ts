import { AIMessage, HumanMessage } from '@langchain/core/messages';
import { describe, expect, it } from 'vitest';
import { memoryWindow } from './memory.window';

const conversation = [
  new HumanMessage({ id: 'q1', content: '1' }),
  new AIMessage({ id: 'a1', content: '1' }),
  new HumanMessage({ id: 'q2', content: '2' }),
  new AIMessage({ id: 'a2', content: '2' }),
  new HumanMessage({ id: 'q3', content: '3' }),
];
const shown = (depth: number, enabled = true, message_id = 'q3', summarize = false) =>
  memoryWindow({ messages: conversation, summary: null }, { enabled, depth, summarize }, message_id).map(
    ({ id }) => id,
  );

describe('memoryWindow', () => {
  it('shows the current message after at most `depth` earlier ones', () => {
    expect(shown(2)).toEqual(['q2', 'a2', 'q3']);
    expect(shown(100)).toEqual(['q1', 'a1', 'q2', 'a2', 'q3']);
    expect(shown(0)).toEqual(['q3']);
  });

  it('never begins with an answer', () => {
    expect(shown(3)).toEqual(['q2', 'a2', 'q3']);
    expect(shown(1)).toEqual(['q3']);
  });

  it('shows the current message alone when memory is off', () => {
    expect(shown(4, false)).toEqual(['q3']);
    expect(shown(4, false, 'q3', true)).toEqual(['q3']);
  });

  it('shows nothing that was said after the message', () => {
    expect(shown(4, true, 'q2')).toEqual(['q1', 'a1', 'q2']);
  });
});
