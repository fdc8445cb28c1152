import type { OutboundFrame } from '@roost/contracts';
import { describe, expect, it } from 'vitest';
import { ChatView } from './chat.session';

const place = { thread_id: 'thr_1', event_id: 'e.1-0' };
const token = (content: string): OutboundFrame => ({ type: 'token', content, message_id: 'msg_1', ...place });
const reply = (content: string): OutboundFrame => ({
  type: 'message',
  content,
  message_object: { id: 'msg_2', role: 'assistant', content, created_at: '', in_reply_to: 'msg_1' },
  ...place,
});

const shown = (...frames: OutboundFrame[]): string => {
  let text = '';
  const view = new ChatView((part) => (text += part));
  for (const frame of frames) view.show(frame);
  return text;
};

describe('the terminal chat', () => {
  it('writes tokens as they come and does not repeat the reply they make', () => {
    expect(shown(token('Good '), token('day'), reply('Good day'))).toBe('\nGood day\n\n');
  });

  it('writes a reply whole when its tokens were not seen', () => {
    expect(shown(reply('Good day'))).toBe('\nGood day\n\n');
  });

  it('shows status lines and errors on lines of their own, also in the middle of a stream', () => {
    const error: OutboundFrame = {
      type: 'error',
      message: 'no',
      content: 'no',
      code: 'run_failed',
      message_id: null,
      ...place,
    };
    expect(shown(token('Good'), error)).toBe('\nGood\n\n! no\n');
  });

  it('says that an answer was stopped', () => {
    const stopped = reply('Good') as Extract<OutboundFrame, { type: 'message' }>;
    stopped.message_object.interrupted = true;
    expect(shown(token('Good'), stopped)).toBe('\nGood [stopped]\n\n');
  });

  it('knows whether an answer is under way, so that Ctrl-C stops it or leaves', () => {
    const view = new ChatView(() => undefined);
    expect(view.answering).toBe(false);
    view.said();
    expect(view.answering).toBe(true);
    view.show(reply('Good day'));
    expect(view.answering).toBe(false);
    view.show(token('And '));
    expect(view.answering).toBe(true);
  });
});
