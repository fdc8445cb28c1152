/** The smallest piece of a text that is not cut: a heading, or a sentence of a paragraph. */
export interface TextUnit {
  /** Offsets into the text, without the white space around. */
  start: number;
  end: number;
  /** From 1, of a heading; null for anything else. */
  heading_level: number | null;
  /** Another paragraph than the unit before. */
  begins_paragraph: boolean;
}

const FENCE = /^\s{0,3}(```|~~~)/;
const HEADING = /^ {0,3}(#{1,6})\s+\S/;
const sentences = new Intl.Segmenter('en', { granularity: 'sentence' });

/** The units of a text in Markdown or without markup, in their order; none is longer than `length_max`. */
export function textUnits(text: string, length_max: number): TextUnit[] {
  return paragraphs(text).flatMap(({ start, end, heading_level }): TextUnit[] =>
    heading_level !== null && end - start <= length_max
      ? [{ start, end, heading_level, begins_paragraph: true }]
      : sentencesOf(text, start, end, length_max).map((unit, index) => ({
          ...unit,
          heading_level: null,
          begins_paragraph: index === 0,
        })),
  );
}

interface Span {
  start: number;
  end: number;
}

/** Parted by blank lines; a heading is one by itself, unless it stands in a block of code. */
function paragraphs(text: string): (Span & { heading_level: number | null })[] {
  const found: (Span & { heading_level: number | null })[] = [];
  let open: Span | null = null;
  let fence: string | null = null;
  const close = (): void => {
    if (open) found.push({ ...open, heading_level: null });
    open = null;
  };
  for (const line of lines(text)) {
    const content = text.slice(line.start, line.end);
    const [, mark = null] = FENCE.exec(content) ?? [];
    const heading = fence === null ? HEADING.exec(content) : null;
    if (mark !== null) fence = fence === null ? mark : fence === mark ? null : fence;
    if (heading || content.trim() === '') close();
    if (heading) found.push({ ...trimmed(text, line), heading_level: heading[1]?.length ?? 1 });
    else if (content.trim() !== '') open = { start: open === null ? line.start : open.start, end: line.end };
  }
  close();
  return found.map((span) => ({ ...span, ...trimmed(text, span) }));
}

function* lines(text: string): Generator<Span> {
  for (let start = 0; start < text.length;) {
    const next = text.indexOf('\n', start);
    const end = next === -1 ? text.length : next;
    yield { start, end };
    start = end + 1;
  }
}

function sentencesOf(text: string, start: number, end: number, length_max: number): Span[] {
  return [...sentences.segment(text.slice(start, end))]
    .map(({ segment, index }) => trimmed(text, { start: start + index, end: start + index + segment.length }))
    .filter((span) => span.end > span.start)
    .flatMap((span) => cut(text, span, length_max));
}

/** What is too long is cut at the last space that fits, else between two characters. */
function cut(text: string, { start, end }: Span, length_max: number): Span[] {
  const pieces: Span[] = [];
  for (let from = start; from < end;) {
    const fits = Math.min(from + length_max, end);
    const space = fits === end ? end : lastSpace(text, from, fits);
    const to = space > from ? space : betweenCharacters(text, fits);
    pieces.push(trimmed(text, { start: from, end: to }));
    from = to;
  }
  return pieces.filter((piece) => piece.end > piece.start);
}

function lastSpace(text: string, from: number, to: number): number {
  for (let at = to; at > from; at -= 1) if (/\s/.test(text.charAt(at))) return at;
  return from;
}

/** Not within a surrogate pair. */
const betweenCharacters = (text: string, at: number): number =>
  /[\uDC00-\uDFFF]/.test(text.charAt(at)) && /[\uD800-\uDBFF]/.test(text.charAt(at - 1)) ? at - 1 : at;

function trimmed(text: string, { start, end }: Span): Span {
  const piece = text.slice(start, end);
  const from = start + (piece.length - piece.trimStart().length);
  return { start: from, end: Math.max(from, start + piece.trimEnd().length) };
}
