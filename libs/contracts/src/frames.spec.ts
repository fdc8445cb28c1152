import { describe, expect, it } from 'vitest';
import { MESSAGE_CONTENT_MAX, MessageInput } from './frames';

const problems = (value: unknown): string[] =>
  MessageInput.safeParse(value).error?.issues.map(({ path, code }) => `${path.join('.')}:${code}`) ?? [];

describe('a message of a client', () => {
  it('needs nothing but its content', () => {
    expect(problems({ content: 'hello' })).toEqual([]);
  });

  it.each([
    ['without content', {}, 'content:invalid_type'],
    ['with content that is no text', { content: 7 }, 'content:invalid_type'],
    ['with nothing but white space', { content: ' \n' }, 'content:custom'],
    ['that is too long', { content: 'x'.repeat(MESSAGE_CONTENT_MAX + 1) }, 'content:too_big'],
    ['with a property nobody knows', { content: 'hi', status: 'done' }, ':unrecognized_keys'],
    ['with nested user data', { content: 'hi', user_data: { a: { b: 1 } } }, 'user_data.a:invalid_union'],
    [
      'with an empty client_message_id',
      { content: 'hi', client_message_id: '' },
      'client_message_id:too_small',
    ],
  ])('is refused %s', (_name, value, problem) => {
    expect(problems(value)).toContain(problem);
  });

  it('is refused with more user data than 8 KiB', () => {
    const user_data = Object.fromEntries(
      Array.from({ length: 9 }, (_unused, index) => [`k${index}`, 'x'.repeat(1_000)]),
    );
    expect(problems({ content: 'hi', user_data })).toContain('user_data:custom');
  });
});
