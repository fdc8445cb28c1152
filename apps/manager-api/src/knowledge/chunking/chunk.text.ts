import { type TextUnit, textUnits } from './text.units';

/**
 * Characters, not tokens: those depend on the embedding model. 1,000 are about 250 tokens of English and 400 of
 * Russian, well below what any embedding model takes, and small enough that a chunk is about one thing.
 */
export const CHUNK_CHARACTERS = 1_000;
/** What a chunk repeats of the one before, so that a fact on their border is whole in one of them. */
export const OVERLAP_CHARACTERS = 150;
/** A chunk shorter than this goes on past a heading. */
const SECTION_CHARACTERS_MIN = 300;

/** A piece of a text. */
export interface Chunk {
  /** From 0, without gaps. */
  position: number;
  /** As it stands in the text, so that what is quoted from it can be found there. */
  text: string;
  /** The headings it stands under, outermost first. */
  headings: string[];
}

/**
 * Cuts a text into chunks that begin at headings, end between sentences and overlap. The same text yields the same
 * chunks.
 */
export function chunksOf(text: string): Chunk[] {
  const units = textUnits(text, CHUNK_CHARACTERS);
  const headings = headingPaths(text, units);
  const chunks: Chunk[] = [];
  for (let first = 0; first < units.length;) {
    const after = endOfChunk(units, first);
    chunks.push({
      position: chunks.length,
      text: text.slice(startOf(units, first), units[after - 1]?.end),
      headings: headings[first] ?? [],
    });
    first = after >= units.length ? after : startOfNext(units, first, after);
  }
  return chunks;
}

/** What is embedded for a chunk: its text, and what it is about where the text alone does not say. */
export const embeddingInput = (title: string, { headings, text }: Chunk): string =>
  `${[title, ...headings].join(' > ')}\n\n${text}`;

const startOf = (units: TextUnit[], index: number): number => units[index]?.start ?? 0;

/** The unit after the last that belongs to the chunk which begins at `first`; at least one does. */
function endOfChunk(units: TextUnit[], first: number): number {
  const start = startOf(units, first);
  let after = first + 1;
  for (let unit = units[after]; unit && unit.end - start <= CHUNK_CHARACTERS; unit = units[after]) {
    const section = unit.heading_level !== null && units[after - 1]?.heading_level === null;
    if (section && unit.start - start >= SECTION_CHARACTERS_MIN) break;
    after += 1;
  }
  // A heading belongs to what stands below it.
  let trimmed = after;
  while (trimmed < units.length && trimmed > first + 1 && units[trimmed - 1]?.heading_level !== null)
    trimmed -= 1;
  return trimmed > first + 1 || units[first]?.heading_level === null ? trimmed : after;
}

/** Goes back by whole units, never past a heading and never to where the chunk began. */
function startOfNext(units: TextUnit[], first: number, after: number): number {
  if (units[after]?.heading_level !== null) return after;
  const end = units[after - 1]?.end ?? 0;
  let next = after;
  while (
    next - 1 > first &&
    units[next - 1]?.heading_level === null &&
    end - startOf(units, next - 1) <= OVERLAP_CHARACTERS
  ) {
    next -= 1;
  }
  return next;
}

/** For every unit the headings it stands under, itself included. */
function headingPaths(text: string, units: TextUnit[]): string[][] {
  let path: { level: number; words: string }[] = [];
  return units.map(({ heading_level: level, start, end }) => {
    if (level !== null) {
      const words = text.slice(start, end).replace(/^#+\s+|\s+#+$/g, '');
      path = [...path.filter((above) => above.level < level), { level, words }];
    }
    return path.map(({ words }) => words);
  });
}
