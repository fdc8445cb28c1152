import type { Citation, RetrievedChunk } from '@roost/contracts';
import type { Mention } from './citation.markers';

/** Characters of a quote. */
export const QUOTE_LENGTH_MAX = 300;
/** Sentences of a quote. */
const SENTENCES_MAX = 3;
/** Letters by which inflected words are taken for the same. */
const STEM = 5;
const TITLE_LENGTH_MAX = 300;

const sentences = new Intl.Segmenter(undefined, { granularity: 'sentence' });
const words = new Intl.Segmenter(undefined, { granularity: 'word' });

/**
 * What the answer rests on, in the order of its markers. Quotes are cut out of the chunk and never written by a model:
 * the sentences that share most with what the answer says before the marker, else with what was looked for.
 */
export function citationsOf(
  cited: number[],
  mentions: Mention[],
  sources: RetrievedChunk[],
  queries: string[],
): Citation[] {
  return cited.flatMap((number) => {
    const chunk = sources[number - 1];
    if (!chunk) return [];
    const claims = mentions.filter(({ source }) => source === number).map(({ claim }) => claim);
    return [
      {
        document_id: chunk.document_id,
        title: chunk.title.slice(0, TITLE_LENGTH_MAX),
        chunk_id: chunk.chunk_id,
        quote: quoteFrom(chunk.text, [claims.join(' '), queries.join(' ')]),
        url: chunk.source_url,
      },
    ];
  });
}

/** The passage of `text`, word for word, that shares most with the first of `hints` with which it shares anything. */
export function quoteFrom(text: string, hints: string[]): string {
  const passages = passagesOf(text);
  for (const hint of hints) {
    const wanted = stemsOf(hint);
    let best = { quote: '', score: 0 };
    for (const { quote, stems } of passages) {
      const shared = [...stems].filter((stem) => wanted.has(stem)).length;
      // Long passages share more by chance.
      const score = shared / Math.sqrt(stems.size + SENTENCES_MAX);
      if (score > best.score) best = { quote, score };
    }
    if (best.quote !== '') return best.quote;
  }
  return passages[0]?.quote ?? '';
}

interface Passage {
  quote: string;
  stems: Set<string>;
}

/** Runs of up to three sentences that fit into a quote; the first is the beginning of the text. */
function passagesOf(text: string): Passage[] {
  const parts = [...sentences.segment(text)]
    .filter(({ segment }) => segment.trim() !== '')
    .map(({ index, segment }) => ({ index, end: index + segment.length, stems: stemsOf(segment) }));
  return parts.flatMap(({ index }, first) =>
    parts.slice(first, first + SENTENCES_MAX).flatMap(({ end }, more) => {
      const quote = text.slice(index, end).trim();
      if (quote.length > QUOTE_LENGTH_MAX && more > 0) return [];
      const stems = new Set(parts.slice(first, first + more + 1).flatMap((part) => [...part.stems]));
      return [{ quote: quote.length > QUOTE_LENGTH_MAX ? shortened(quote) : quote, stems }];
    }),
  );
}

/** The beginning of a sentence that is too long, without half a word or half a character. */
function shortened(sentence: string): string {
  const cut = sentence.slice(0, QUOTE_LENGTH_MAX);
  const space = cut.search(/\s\S*$/);
  return (space > 0 ? cut.slice(0, space) : cut.replace(/[\ud800-\udbff]$/, '')).trim();
}

function stemsOf(text: string): Set<string> {
  const stems = [...words.segment(text.toLowerCase())]
    .filter(({ segment, isWordLike }) => isWordLike === true && (segment.length > 2 || /\d/.test(segment)))
    .map(({ segment }) => segment.slice(0, STEM));
  return new Set(stems);
}
