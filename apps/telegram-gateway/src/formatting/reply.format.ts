import type { Citation } from '@roost/contracts';
import { byPlace, type FormattedText } from './formatted.text';
import { readMarkdown } from './markdown.reader';
import { intoParts, MESSAGE_MAX } from './text.parts';

/** Shown in place of an answer that has no words: Telegram takes no empty message. */
const NO_WORDS = '…';

/** An answer as messages of Telegram, at least one. What it rests on is linked, or listed below it. */
export function formatReply(markdown: string, citations: Citation[], sources: string): FormattedText[] {
  const parts = intoParts(withSources(readMarkdown(markdown), citations, sources));
  return parts.length > 0 ? parts : [{ text: NO_WORDS, entities: [] }];
}

/** The beginning of an answer that is still written, as much as one message takes. */
export function formatDraft(markdown: string): FormattedText {
  const [first] = intoParts(readMarkdown(markdown.slice(0, 2 * MESSAGE_MAX)));
  return first ?? { text: '', entities: [] };
}

/** `[1]` in the answer is the first citation. */
function withSources(formatted: FormattedText, citations: Citation[], sources: string): FormattedText {
  const { text } = formatted;
  const entities = [...formatted.entities];
  for (const match of text.matchAll(/\[(\d{1,3})\]/g)) {
    const url = citations[Number(match[1]) - 1]?.url;
    const place = { offset: match.index, length: match[0].length };
    if (!isWebAddress(url) || isTaken(formatted, place)) continue;
    entities.push({ type: 'text_link', url, ...place });
  }
  const listed = citations
    .map(({ title, url }, index) => ({ title, url, number: index + 1 }))
    .filter(({ url }) => !isWebAddress(url));
  const list = listed.map(({ title, number }) => `[${number}] ${title.replaceAll(/\s+/g, ' ')}`);
  const end = list.length === 0 ? '' : `\n\n${sources}\n${list.join('\n')}`;
  return { text: text + end, entities: entities.sort(byPlace) };
}

const isWebAddress = (url: string | null | undefined): url is string =>
  url !== null && url !== undefined && /^https?:\/\//i.test(url) && URL.canParse(url);

/** Whether code or another link stands there: those hold no link. */
const isTaken = ({ entities }: FormattedText, place: { offset: number; length: number }): boolean =>
  entities.some(
    ({ type, offset, length }) =>
      (type === 'code' || type === 'pre' || type === 'text_link') &&
      offset < place.offset + place.length &&
      place.offset < offset + length,
  );
