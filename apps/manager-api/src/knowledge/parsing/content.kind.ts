import type { DocumentType } from '@roost/contracts/rest';
import { UnreadableDocument } from './parse.request';

type Kind = 'pdf' | 'zip' | 'binary' | 'words';

const names: Record<Exclude<Kind, 'words'>, string> = {
  pdf: 'a PDF',
  zip: 'a ZIP archive, as Word documents are',
  binary: 'binary data',
};
/** Bytes in which a PDF's header must begin, as its readers do it. */
const HEADER_BYTES = 1_024;
/** Bytes looked at for what no text holds. */
const SAMPLE_BYTES = 65_536;

/**
 * Whether the content is what its name says.
 * @throws {UnreadableDocument} naming what it is instead
 */
export function checkKind(content: Buffer, type: DocumentType): void {
  if (content.length === 0) throw new UnreadableDocument('The document is empty.');
  const kind = kindOf(content);
  const expected: Kind = type === 'pdf' ? 'pdf' : type === 'docx' ? 'zip' : 'words';
  if (kind === expected) return;
  const found = kind === 'words' ? 'text' : names[kind];
  throw new UnreadableDocument(
    `It was given as ${type === 'text' ? 'plain text' : type.toUpperCase()}, but its content is ${found}: send it under its right name.`,
  );
}

function kindOf(content: Buffer): Kind {
  if (content.subarray(0, HEADER_BYTES).includes('%PDF-')) return 'pdf';
  if (content.subarray(0, 4).equals(Buffer.from('PK\x03\x04'))) return 'zip';
  return hasByteOrderMark(content) || !isBinary(content.subarray(0, SAMPLE_BYTES)) ? 'words' : 'binary';
}

const hasByteOrderMark = (content: Buffer): boolean =>
  content.subarray(0, 2).equals(Buffer.from([0xff, 0xfe])) ||
  content.subarray(0, 2).equals(Buffer.from([0xfe, 0xff]));

/** Texts of any encoding but UTF-16 and UTF-32 hold no NUL and hardly another control character. */
function isBinary(sample: Buffer): boolean {
  if (sample.includes(0)) return true;
  const strange = sample.filter((byte) => byte < 9 || (byte > 13 && byte < 32 && byte !== 27)).length;
  return strange > sample.length / 100;
}
