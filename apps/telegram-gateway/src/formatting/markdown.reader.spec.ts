import { describe, expect, it } from 'vitest';
import type { FormattedText } from './formatted.text';
import { readMarkdown } from './markdown.reader';

/** Each entity with the words it stands on. */
const shown = ({ text, entities }: FormattedText) => ({
  text,
  entities: entities.map(({ offset, length, ...kind }) => ({
    ...kind,
    on: text.slice(offset, offset + length),
  })),
});
const read = (markdown: string) => shown(readMarkdown(markdown));

describe('Markdown as Telegram shows it', () => {
  it('keeps bold, italic, strikethrough and code, one within the other', () => {
    expect(read('**bold and _both_**, ~~gone~~ and `code`')).toEqual({
      text: 'bold and both, gone and code',
      entities: [
        { type: 'bold', on: 'bold and both' },
        { type: 'italic', on: 'both' },
        { type: 'strikethrough', on: 'gone' },
        { type: 'code', on: 'code' },
      ],
    });
  });

  it('counts in UTF-16 units', () => {
    expect(readMarkdown('👩‍👩‍👧 **да**')).toEqual({
      text: '👩‍👩‍👧 да',
      entities: [{ type: 'bold', offset: 9, length: 2 }],
    });
  });

  it('shows a block of code with its language, also one that was never closed', () => {
    expect(read('Look:\n\n```ts\nconst a = 1;\n')).toEqual({
      text: 'Look:\n\nconst a = 1;',
      entities: [{ type: 'pre', language: 'ts', on: 'const a = 1;' }],
    });
  });

  it('links what Telegram opens, and shows other addresses', () => {
    expect(read('[shop](https://shop.example/a) and [here](/local) and [bad](javascript:alert)')).toEqual({
      text: 'shop and here (/local) and [bad](javascript:alert)',
      entities: [{ type: 'text_link', url: 'https://shop.example/a', on: 'shop' }],
    });
    expect(read('![a cat](https://cats.example/1.png)')).toEqual({
      text: 'a cat',
      entities: [{ type: 'text_link', url: 'https://cats.example/1.png', on: 'a cat' }],
    });
  });

  it('makes headings bold, and lists of bullets and numbers', () => {
    expect(read('# Hours\n\n- Monday\n  - noon\n- Sunday\n\n3. three\n4. four')).toEqual({
      text: 'Hours\n\n• Monday\n  • noon\n• Sunday\n\n3. three\n4. four',
      entities: [{ type: 'bold', on: 'Hours' }],
    });
  });

  it('ticks the tasks of a list', () => {
    expect(read('- [ ] open\n- [x] done').text).toBe('• ☐ open\n• ☑ done');
  });

  it('shows a quote as one, with the quotes in it', () => {
    expect(read('> said\n>\n> > before\n\nafter')).toEqual({
      text: 'said\n\nbefore\n\nafter',
      entities: [{ type: 'blockquote', on: 'said\n\nbefore' }],
    });
  });

  it('shows a table in columns', () => {
    expect(read('| Day | Open |\n|---|---|\n| Monday | 9 |\n| So | — |')).toEqual({
      text: 'Day    │ Open\n───────┼─────\nMonday │ 9\nSo     │ —',
      entities: [{ type: 'pre', on: 'Day    │ Open\n───────┼─────\nMonday │ 9\nSo     │ —' }],
    });
  });

  it('lets code overlap nothing', () => {
    expect(read('**see `run()` now**')).toEqual({
      text: 'see run() now',
      entities: [
        { type: 'bold', on: 'see' },
        { type: 'code', on: 'run()' },
        { type: 'bold', on: 'now' },
      ],
    });
    expect(read('[the `run` page](https://a.example)').entities).toEqual([
      { type: 'text_link', url: 'https://a.example', on: 'the run page' },
    ]);
  });

  it.each([
    '**open',
    '_a*b_c*',
    '<b>html</b> & <br>',
    '```',
    '](',
    '| a |\n|',
    '[x]',
    '~~~~',
    '\\*',
    '5 * 3 * 2',
  ])('keeps the words of %j, whatever it means', (markdown) => {
    const words = markdown.match(/\w+/g) ?? [];
    const { text } = readMarkdown(markdown);
    for (const word of words) expect(text).toContain(word);
  });

  it('says nothing where nothing was said', () => {
    expect(readMarkdown(' \n\n ')).toEqual({ text: '', entities: [] });
  });

  it('keeps no character that cannot be stored or sent', () => {
    expect(readMarkdown('a\0b\ud800c').text).not.toMatch(/\0|\p{Surrogate}/u);
  });
});

describe('hostile Markdown', () => {
  const deep = (piece: string, times: number) => piece.repeat(times) + 'word';

  it.each([
    ['quotes', deep('> ', 5_000)],
    ['emphasis', deep('*', 20_000)],
    ['brackets', deep('[', 20_000)],
    ['links', deep('[a](', 4_000)],
    ['underscores', deep('_a ', 8_000)],
    ['lists', deep('- ', 3_000)],
    ['backticks', deep('`', 10_001)],
    ['a table', `${'| a '.repeat(500)}|\n${'|---'.repeat(500)}|\n${'| b '.repeat(499)}| word |`],
    ['a book', deep('word and *word*. ', 20_000)],
  ])('of %s keeps its words', (_what, markdown) => {
    expect(readMarkdown(markdown).text).toContain('word');
  });
});
