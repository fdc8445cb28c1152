import type { MessageEntity } from 'telegraf/types';
import { type FormattedText, keepsSpace } from './formatted.text';

/** UTF-16 units of text a message may have. */
export const MESSAGE_MAX = 4_096;
/** Entities Telegram looks at; it ignores the rest. */
const ENTITIES_MAX = 100;
/** Share of a part below which a better place to cut is not worth the shortness. */
const SHORTEST = 0.4;

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/**
 * Cuts a text into messages that Telegram takes: between paragraphs, else lines, sentences, words, characters. A block
 * of code that fits into one message is not cut. White space at the cuts is all that is lost.
 */
export function intoParts({ text, entities }: FormattedText, max = MESSAGE_MAX): FormattedText[] {
  const parts: FormattedText[] = [];
  let start = leadingSpace(text, entities, 0);
  while (start < text.length) {
    const end = text.length - start <= max ? text.length : cutAfter(text, entities, start, max);
    const part = piece(text, entities, start, end);
    if (part.text !== '') parts.push(part);
    start = leadingSpace(text, entities, Math.max(end, start + 1));
  }
  return parts;
}

/** Where the part that begins at `start` ends. */
function cutAfter(text: string, entities: MessageEntity[], start: number, max: number): number {
  const limit = start + max;
  const block = blockAt(entities, limit);
  if (block && block.offset > start && block.length <= max) return block.offset;
  const least = start + Math.floor(max * SHORTEST);
  const window = text.slice(start, limit);
  // Within a block of code only lines are ends.
  const inBlock = block !== undefined;
  const ends = [
    inBlock ? -1 : lastEnd(window, /\n\s*\n/g),
    lastEnd(window, /\n/g),
    inBlock ? -1 : lastEnd(window, /[.!?…][)"'»”]*\s/g),
    inBlock ? -1 : lastEnd(window, /\s/g),
  ];
  const found = ends.map((end) => start + end).find((end) => end >= least);
  return found ?? betweenCharacters(text, start, limit);
}

/** The end of the last match, or -1. */
function lastEnd(window: string, pattern: RegExp): number {
  let end = -1;
  for (const match of window.matchAll(pattern)) end = match.index + match[0].length;
  return end;
}

/** The last place up to `limit` that cuts no character as people see it, where there is one near. */
function betweenCharacters(text: string, start: number, limit: number): number {
  const from = Math.max(start, limit - 256);
  const near = text.slice(from, limit + 64);
  let end = -1;
  for (const { index } of graphemes.segment(near)) {
    if (from + index > limit) break;
    if (from + index > start) end = from + index;
  }
  if (end > from) return end;
  const isPair = /[\uD800-\uDBFF]/.test(text.charAt(limit - 1));
  return isPair ? limit - 1 : limit;
}

/** The block of code that a place is within, not at its edges. */
const blockAt = (entities: MessageEntity[], place: number): MessageEntity | undefined =>
  entities.find(({ type, offset, length }) => type === 'pre' && offset < place && place < offset + length);

/** The first place from `place` on that is no white space; in a block of code only a line break is passed over. */
function leadingSpace(text: string, entities: MessageEntity[], place: number): number {
  const inBlock = entities.some(
    ({ type, offset, length }) => type === 'pre' && offset <= place && place < offset + length,
  );
  const space = inBlock ? /\n?/y : /\s*/y;
  space.lastIndex = place;
  return place + (space.exec(text)?.[0].length ?? 0);
}

function piece(text: string, entities: MessageEntity[], start: number, end: number): FormattedText {
  const words = text.slice(start, end).trimEnd();
  const within = entities.flatMap((entity) => clipped(entity, text, start, start + words.length));
  return { text: words, entities: within.slice(0, ENTITIES_MAX) };
}

/** What of an entity lies between two places, counted from the first. */
function clipped(entity: MessageEntity, text: string, start: number, end: number): MessageEntity[] {
  const from = Math.max(entity.offset, start);
  const to = Math.min(entity.offset + entity.length, end);
  const words = text.slice(from, Math.max(from, to));
  if (words.trim() === '') return [];
  const lead = keepsSpace(entity) ? 0 : words.length - words.trimStart().length;
  const length = (keepsSpace(entity) ? words : words.trimEnd()).length - lead;
  return [{ ...entity, offset: from + lead - start, length }];
}
