import { describe, expect, it } from 'vitest';
import { termCountsOf, termId } from './term-counts';
import { termsOf } from './tokenizer';

describe('the terms of a text', () => {
  it.each([
    ['Refunds, refunded: REFUND!', ['refund', 'refund', 'refund']],
    ['the customer’s orders', ['custom', 'order']],
    ["don't", ['dont']],
    ['Возвраты и возврата нет', ['возврат', 'возврат']],
    ['ещё ёлка и елка', ['елк', 'елк']],
    ['iPhone 15 Pro 返品', ['iphon', '15', 'pro', '返品']],
    ['ﬁle №5', ['file', 'no5']],
    ['user@example.com', ['user', 'exampl', 'com']],
    ['', []],
    ['... — !', []],
  ])('%j are %j', (text, terms) => {
    expect(termsOf(text)).toEqual(terms);
  });

  it('leave out what is no word: a kilobyte without a space', () => {
    expect(termsOf(`paper ${'x'.repeat(1_000)} ink`)).toEqual(['paper', 'ink']);
  });

  it('are counted, and known by 32 bits that stay the same for ever: they are stored', () => {
    const { counts, length } = termCountsOf('paper ink paper');
    expect(length).toBe(3);
    expect([...counts]).toEqual([
      [termId('paper'), 2],
      [termId('ink'), 1],
    ]);
    // The published test vectors of FNV-1a.
    expect([termId(''), termId('a'), termId('foobar')]).toEqual([0x811c9dc5, 0xe40c292c, 0xbf9cf968]);
    expect(termId('возврат')).toBeLessThan(2 ** 32);
  });
});
