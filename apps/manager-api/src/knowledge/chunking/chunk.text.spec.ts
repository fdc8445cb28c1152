import { describe, expect, it } from 'vitest';
import { CHUNK_CHARACTERS, chunksOf, embeddingInput, OVERLAP_CHARACTERS } from './chunk.text';
import { chunkId } from './chunk.id';

const sentence = (n: number): string =>
  `Sentence number ${n} says something about the shop and its customers.`;
const paragraph = (from: number, count: number): string =>
  Array.from({ length: count }, (_, index) => sentence(from + index)).join(' ');

describe('chunks', () => {
  it('are verbatim pieces of the text, of bounded length, which together hold all of it', () => {
    const text = Array.from({ length: 12 }, (_, index) => paragraph(index * 10, 10)).join('\n\n');
    const chunks = chunksOf(text);
    expect(chunks.map(({ position }) => position)).toEqual(chunks.map((_, index) => index));
    for (const { text: piece } of chunks) {
      expect(text).toContain(piece);
      expect(piece.length).toBeLessThanOrEqual(CHUNK_CHARACTERS);
      expect(piece).toBe(piece.trim());
    }
    const all = chunks.map(({ text: piece }) => piece).join('\n');
    for (let n = 0; n < 120; n += 1) expect(all).toContain(sentence(n));
  });

  it('overlap by whole sentences, so that a fact on their border is whole in one of them', () => {
    const [first, second] = chunksOf(paragraph(0, 40));
    const repeated = /^(Sentence .*?customers\. ?){1,2}/.exec(second?.text ?? '')?.[0].trim() ?? '';
    expect(repeated).not.toBe('');
    expect(first?.text.endsWith(repeated)).toBe(true);
    expect(repeated.length).toBeLessThanOrEqual(OVERLAP_CHARACTERS);
  });

  it('begin at headings and know those they stand under', () => {
    const text = `# Shop\n\n${paragraph(0, 6)}\n\n## Returns\n\n${paragraph(10, 30)}\n\n# Jobs\n\n${paragraph(50, 6)}`;
    const chunks = chunksOf(text);
    expect(chunks[0]).toMatchObject({ headings: ['Shop'] });
    expect(chunks[0]?.text).not.toContain('Returns');
    const returns = chunks.filter(({ headings }) => headings.at(-1) === 'Returns');
    expect(returns.length).toBeGreaterThan(1);
    expect(returns[0]?.text.startsWith('## Returns')).toBe(true);
    expect(returns[1]?.headings).toEqual(['Shop', 'Returns']);
    expect(chunks.at(-1)).toMatchObject({ headings: ['Jobs'] });
  });

  it('keep short sections together', () => {
    const text = ['# One', 'A.', '# Two', 'B.', '# Three', 'C.'].join('\n\n');
    expect(chunksOf(text).map((chunk) => chunk.text)).toEqual([text]);
  });

  it('never end with a heading whose text is in the next', () => {
    const text = `${paragraph(0, 13)}\n\n# Delivery\n\n${paragraph(20, 13)}`;
    for (const { text: piece } of chunksOf(text)) expect(piece).not.toMatch(/# Delivery$/);
  });

  it('take a line in a block of code for no heading', () => {
    const text = '```sh\n# a comment\nnpm start\n```\n\nDone.';
    expect(chunksOf(text)).toMatchObject([{ text, headings: [] }]);
  });

  it('cut what has no sentences between words, or at last between characters', () => {
    const words = 'word '.repeat(1_000).trim();
    expect(chunksOf(words).every(({ text }) => /^word.*word$/s.test(text))).toBe(true);
    const smileys = '😀'.repeat(2_000);
    const pieces = chunksOf(smileys).map(({ text }) => text);
    expect(pieces.join('')).toBe(smileys);
    expect(pieces.some((piece) => /\p{Surrogate}/u.test(piece))).toBe(false);
  });

  it('are the same every time', () => {
    const text = `# A\n\n${paragraph(0, 50)}`;
    expect(chunksOf(text)).toEqual(chunksOf(text));
  });

  it('are none of an empty text, nor of blanks', () => {
    expect(chunksOf('')).toEqual([]);
    expect(chunksOf(' \n\n\t ')).toEqual([]);
  });

  it('are cut in time that grows with the text, not with its square', () => {
    const started = performance.now();
    expect(chunksOf('# h\n\n'.repeat(50_000)).length).toBeGreaterThan(100);
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it('are embedded with what they are about', () => {
    const chunk = { position: 0, text: 'We open at nine.', headings: ['Shop', 'Hours'] };
    expect(embeddingInput('Handbook', chunk)).toBe('Handbook > Shop > Hours\n\nWe open at nine.');
  });
});

it('ids of chunks are UUIDs that depend on document, revision and position alone', () => {
  expect(chunkId('doc_a', 1, 0)).toMatch(
    /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  );
  expect(chunkId('doc_a', 1, 0)).toBe(chunkId('doc_a', 1, 0));
  expect(
    new Set([chunkId('doc_a', 1, 0), chunkId('doc_a', 1, 1), chunkId('doc_a', 2, 0), chunkId('doc_b', 1, 0)])
      .size,
  ).toBe(4);
});
