import type { TelegramEntity } from '../json';

/** What Telegram finds by itself in a text that somebody typed. */
const FOUND: [type: string, pattern: RegExp][] = [
  ['bot_command', /(?<![\w/@])\/\w{1,64}(?:@\w{3,32})?/g],
  ['mention', /(?<![\w/])@\w{3,32}/g],
  ['hashtag', /(?<![\w#])#\p{L}[\p{L}\d_]*/gu],
  ['url', /(?<!\S)https?:\/\/\S+/g],
];

/** The entities of a typed text, in order; one that lies in another is none. */
export function typedEntities(text: string): TelegramEntity[] {
  const all = FOUND.flatMap(([type, pattern]) =>
    [...text.matchAll(pattern)].map((match) => ({ type, offset: match.index, length: match[0].length })),
  ).sort((one, other) => one.offset - other.offset);
  let end = 0;
  return all.filter(({ offset, length }) => {
    if (offset < end) return false;
    end = offset + length;
    return true;
  });
}

/** As messages carry them: nothing where there are none. */
export function typed(text: string): { text: string; entities?: TelegramEntity[] } {
  const entities = typedEntities(text);
  return entities.length > 0 ? { text, entities } : { text };
}
