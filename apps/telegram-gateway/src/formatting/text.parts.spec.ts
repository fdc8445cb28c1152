import type { MessageEntity } from 'telegraf/types';
import { describe, expect, it } from 'vitest';
import { keepsSpace } from './formatted.text';
import { readMarkdown } from './markdown.reader';
import { formatDraft, formatReply } from './reply.format';
import { intoParts, MESSAGE_MAX } from './text.parts';

const paragraph = (letter: string, length: number): string => letter.repeat(length);
const textOf = (markdown: string) => intoParts(readMarkdown(markdown));
const withoutSpace = (text: string): string => text.replaceAll(/\s/g, '');

describe('a long answer', () => {
  it('is one message as long as it fits', () => {
    expect(textOf(paragraph('a', MESSAGE_MAX))).toHaveLength(1);
    expect(textOf(paragraph('a', MESSAGE_MAX + 1))).toHaveLength(2);
  });

  it('is cut between paragraphs, else lines, sentences and words', () => {
    const first = (markdown: string) => textOf(markdown)[0]?.text.length;
    expect(first(`${paragraph('a', 2_000)}\n\n${paragraph('b', 1_500)}\n\n${paragraph('c', 1_500)}`)).toBe(
      3_502,
    );
    expect(first(`${paragraph('a', 3_000)}\n${paragraph('b', 3_000)}`)).toBe(3_000);
    expect(first(`${paragraph('a', 3_000)}. ${paragraph('b', 3_000)}`)).toBe(3_001);
    expect(first(`${paragraph('a', 3_000)} ${paragraph('b', 3_000)}`)).toBe(3_000);
  });

  it('cuts no block of code that fits into a message', () => {
    const code = `\`\`\`py\n${'x = 1\n'.repeat(400)}\`\`\``;
    const parts = textOf(`${paragraph('a', 3_000)}\n\n${code}\n\nafter`);
    expect(parts).toHaveLength(2);
    expect(parts[1]?.entities[0]).toMatchObject({ type: 'pre', language: 'py', offset: 0 });
    expect(parts[1]?.text.endsWith('after')).toBe(true);
  });

  it('cuts one that does not between its lines, and both pieces are code', () => {
    const parts = textOf(`\`\`\`py\n${'    x = 1\n'.repeat(1_000)}\`\`\``);
    expect(parts.length).toBeGreaterThan(2);
    for (const { text, entities } of parts) {
      expect(entities).toEqual([{ type: 'pre', language: 'py', offset: 0, length: text.length }]);
      expect(text.split('\n').every((line) => line === '    x = 1')).toBe(true);
    }
  });

  it('cuts no character as people see it', () => {
    const family = '👩‍👩‍👧‍👦';
    const parts = textOf(family.repeat(1_000));
    for (const { text } of parts) expect(text.replaceAll(family, '')).toBe('');
  });

  it('shares out its formatting', () => {
    const [first, second] = textOf(`**${'word '.repeat(1_000).trim()}**`);
    expect(first?.entities).toEqual([{ type: 'bold', offset: 0, length: first?.text.length }]);
    expect(second?.entities).toEqual([{ type: 'bold', offset: 0, length: second?.text.length }]);
  });
});

describe('an answer with sources', () => {
  const citation = { document_id: 'd', chunk_id: 'c', quote: 'q' };

  it('links those that have an address, and lists the others', () => {
    const citations = [
      { ...citation, title: 'Site', url: 'https://shop.example/hours' },
      { ...citation, title: 'Hand\nbook', url: null },
    ];
    expect(formatReply('At nine [1][2]. `[1]`', citations, 'Sources:')).toEqual([
      {
        text: 'At nine [1][2]. [1]\n\nSources:\n[2] Hand book',
        entities: [
          { type: 'text_link', url: 'https://shop.example/hours', offset: 8, length: 3 },
          { type: 'code', offset: 16, length: 3 },
        ],
      },
    ]);
  });

  it('is never empty: Telegram takes no empty message', () => {
    expect(formatReply('  ', [], '')).toEqual([{ text: '…', entities: [] }]);
    expect(formatDraft('**')).toEqual({ text: '**', entities: [] });
    expect(formatDraft('')).toEqual({ text: '', entities: [] });
  });
});

/** Numbers that are the same in every run (Marsaglia, xorshift32). */
function* dice(seed: number): Generator<number, never> {
  for (let state = seed; ;) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    yield (state >>> 0) / 2 ** 32;
  }
}

const count = (text: string, word: string): number => text.split(word).length - 1;

describe('whatever a model writes', () => {
  const pieces = [
    ...[
      '**',
      '_',
      '*',
      '`',
      '```',
      '\n',
      '\n\n',
      '> ',
      '- ',
      '1. ',
      '# ',
      '[',
      '](',
      ')',
      '|',
      '\n|---|---|\n',
      '~~',
      '<b>',
    ],
    ...[
      'https://a.example/x',
      'word',
      'слово',
      '😀',
      '👨‍👩‍👧',
      'é',
      '\u202eright',
      '\u200b',
      '\\',
      '&amp;',
      '![',
      '    ',
      '\t',
      '---',
    ],
  ];
  const random = dice(20_261_127);
  const pick = (count: number): string =>
    Array.from({ length: count }, () => pieces[Math.floor(random.next().value * pieces.length)]).join('');

  it('becomes messages that Telegram takes, with all of its words', () => {
    for (let round = 0; round < 2_000; round += 1) {
      const markdown = pick(1 + Math.floor(random.next().value * (round % 50 === 0 ? 3_000 : 40)));
      const formatted = readMarkdown(markdown);
      const parts = intoParts(formatted);
      expect(withoutSpace(parts.map(({ text }) => text).join(''))).toBe(withoutSpace(formatted.text));
      // What a fence, a table or an address says besides words may be markup.
      if (!/```|~~~|\||\]\(/.test(markdown))
        expect(count(formatted.text, 'слово'), markdown).toBe(count(markdown, 'слово'));
      for (const { text, entities } of parts) {
        expect(text.length).toBeLessThanOrEqual(MESSAGE_MAX);
        expect(text.trim()).not.toBe('');
        expect(text).toBe(text.trimEnd());
        checkEntities(text, entities, markdown);
      }
    }
  });
});

function checkEntities(text: string, entities: MessageEntity[], markdown: string): void {
  const why = JSON.stringify({ markdown, text, entities });
  for (const [index, one] of entities.entries()) {
    const words = text.slice(one.offset, one.offset + one.length);
    expect(one.offset >= 0 && one.length > 0 && one.offset + one.length <= text.length, why).toBe(true);
    expect(words.trim() !== '', why).toBe(true);
    if (!keepsSpace(one)) expect(words, why).toBe(words.trim());
    for (const other of entities.slice(index + 1)) {
      const overlap = one.offset < other.offset + other.length && other.offset < one.offset + one.length;
      if (!overlap) continue;
      const within = one.offset <= other.offset && other.offset + other.length <= one.offset + one.length;
      expect(within, why).toBe(true);
      expect(one.type === 'pre' || one.type === 'code', why).toBe(false);
      expect(one.type === 'blockquote' && other.type === 'blockquote', why).toBe(false);
    }
  }
}
