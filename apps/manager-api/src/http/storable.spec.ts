import { describe, expect, it } from 'vitest';
import { checkStorable, checkUrl } from './storable';

const nested = (depth: number): unknown => (depth === 0 ? 'end' : { a: nested(depth - 1) });

describe('what clients send', () => {
  it.each([
    ['NUL in a text', { name: 'a\0b' }],
    ['half a surrogate pair', ['\ud83e']],
    ['NUL in a name', { 'a\0b': 1 }],
    ['a reserved name', JSON.parse('{"user_data":{"__proto__":{}}}')],
    ['more levels than a library can walk', nested(1_000)],
  ])('is refused with %s', (_what, value) => {
    expect(() => checkStorable(value)).toThrow(expect.objectContaining({ code: 'validation_failed' }));
  });

  it.each([
    [undefined],
    [null],
    [1],
    ['🦜 Grüße \n\t'],
    [{ model: { name: 'x', list: [1, null, true] } }],
    [nested(10)],
  ])('passes when it can be stored: %j', (value) => {
    expect(() => checkStorable(value)).not.toThrow();
  });

  it('has no NUL in its URL', () => {
    expect(() => checkUrl('/agents/%00')).toThrow();
    expect(() => checkUrl('/agents/%20')).not.toThrow();
  });
});
