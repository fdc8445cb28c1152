import { describe, expect, it } from 'vitest';
import { QUOTE_LENGTH_MAX, quoteFrom } from './citation.quotes';

const HANDBOOK = [
  'Our shop was founded in 1990.  We open at nine\nand close at six. Dogs are welcome.',
  'Возврат товара возможен в течение 30 дней. Наличные не принимаются.',
].join('\n\n');

describe('a quote', () => {
  it.each<[string, string[], RegExp]>([
    [
      'what the answer says',
      ['The shop opens at nine and closes at six'],
      /^We open at nine\nand close at six/,
    ],
    ['another form of the words', ['Товары можно вернуть за 30 дней'], /^Возврат товара возможен/],
    [
      'what was looked for, where the answer shares nothing',
      ['¡Perros, sí!', 'dogs welcome'],
      /^Dogs are welcome/,
    ],
    ['its beginning, where nothing is shared', ['¡Perros, sí!', 'чай'], /^Our shop/],
  ])('is the passage that shares most with %s', (_what, hints, expected) => {
    const quote = quoteFrom(HANDBOOK, hints);
    expect(quote).toMatch(expected);
    expect(HANDBOOK).toContain(quote);
  });

  it.each<[string, string]>([
    ['one endless sentence', 'word '.repeat(500)],
    ['one endless word', 'x'.repeat(5_000)],
    ['characters of two units', '🦜'.repeat(1_000)],
    ['a table', 'a;b;c\n'.repeat(500)],
    ['nothing but space', ' \n '],
    ['nothing', ''],
  ])('is short, stands in the text and has no half characters: %s', (_what, text) => {
    const quote = quoteFrom(text, ['word', 'x']);
    expect(quote.length).toBeLessThanOrEqual(QUOTE_LENGTH_MAX);
    expect(text).toContain(quote);
    expect(Buffer.from(quote).toString()).toBe(quote);
    expect(quote === '').toBe(text.trim() === '');
  });
});
