import { describe, expect, it } from 'vitest';
import { fitFrame, fitTranscript } from './frame-size';
import type { LoggedFrame, MessageObject } from './frames';

const MAX = 8 * 1024;
const message = (content: string): MessageObject => ({
  id: 'msg_1',
  role: 'assistant',
  content,
  created_at: '2030-01-01T00:00:00.000Z',
  in_reply_to: null,
});
const bytes = (value: unknown) => Buffer.byteLength(JSON.stringify(value));
const hard = {
  'plain text': 'a',
  'line ends': '\n',
  'control characters': '\u0001',
  parrots: '🦜',
  quotes: '"',
};

describe('a frame of a log', () => {
  it.each(Object.entries(hard))('has a maximum size, whole or in parts, with %s', (_name, text) => {
    const content = text.repeat(40_000);
    const tokens = fitFrame({ type: 'token', content, message_id: 'm' }, MAX);
    expect(tokens.map((frame) => frame.content).join('')).toBe(content);

    const frames: LoggedFrame[] = [
      { type: 'message', content, message_object: message(content) },
      { type: 'error', content, message: content, code: 'run_failed', message_id: 'm' },
      { type: 'run', content, run_id: 'r', state: 'failed', message_id: 'm' },
    ];
    for (const frame of [...tokens, ...frames.flatMap((whole) => fitFrame(whole, MAX))]) {
      expect(bytes(frame)).toBeLessThanOrEqual(MAX);
      expect(bytes(frame)).toBeGreaterThan(tokens.at(-1) === frame ? 0 : MAX / 3);
      expect(frame.content).not.toMatch(/[\ud800-\udbff]$/);
    }
  });

  it('says that its message was cut', () => {
    const content = 'a'.repeat(MAX);
    expect(fitFrame({ type: 'message', content, message_object: message(content) }, MAX)).toMatchObject([
      { message_object: { truncated: true } },
    ]);
  });

  it('is left alone when it fits', () => {
    const frame: LoggedFrame = { type: 'message', content: 'a', message_object: message('a') };
    expect(fitFrame(frame)).toEqual([frame]);
  });
});

describe('a transcript in one frame', () => {
  it('has the newest messages that fit, oldest first', () => {
    const messages = Array.from({ length: 50 }, (_unused, index) => message(`${index} ${'a'.repeat(1_000)}`));
    const fitting = fitTranscript(messages, MAX);
    expect(bytes(fitting)).toBeLessThanOrEqual(MAX);
    expect(fitting.length).toBeGreaterThan(3);
    expect(fitting).toEqual(messages.slice(-fitting.length));
  });

  it.each(Object.entries(hard))(
    'has the beginning of a newest one that does not fit, with %s',
    (_name, text) => {
      const fitting = fitTranscript([message('old'), message(text.repeat(40_000))], MAX);
      expect(bytes(fitting)).toBeLessThanOrEqual(MAX);
      expect(fitting).toMatchObject([{ truncated: true }]);
    },
  );
});
