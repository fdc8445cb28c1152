import chardet from 'chardet';
import iconv from 'iconv-lite';
import { isUtf8 } from 'node:buffer';
import { UnreadableDocument } from './parse.request';

/** Bytes that are enough to recognise an encoding. */
const SAMPLE_BYTES = 131_072;
/** Of 100: below, the guess is as likely wrong. */
const CONFIDENCE_MIN = 20;

/**
 * The text of bytes in UTF-8, in UTF-16 with its mark, in the encoding they declare, or in the one they look like.
 * @throws {UnreadableDocument}
 */
export function decodeText(content: Buffer, declared?: string): string {
  return plain(iconv.decode(content, encodingOf(content, declared)));
}

/** The encoding that an HTML page names in its head (WHATWG looks at as many bytes). */
export const declaredEncoding = (html: Buffer): string | undefined =>
  /<meta[^>]+charset\s*=\s*["']?([\w-]+)/i.exec(html.subarray(0, 1_024).toString('latin1'))?.[1];

function encodingOf(content: Buffer, declared: string | undefined): string {
  const mark = content.readUIntBE(0, Math.min(2, content.length));
  if (mark === 0xfffe) return 'utf-16le';
  if (mark === 0xfeff) return 'utf-16be';
  if (isUtf8(content)) return 'utf-8';
  if (declared !== undefined && iconv.encodingExists(declared) && !/^utf-?8$/i.test(declared))
    return declared;
  const [guess] = chardet.analyse(content.subarray(0, SAMPLE_BYTES));
  if (guess && guess.confidence >= CONFIDENCE_MIN && iconv.encodingExists(guess.name)) return guess.name;
  throw new UnreadableDocument('The encoding of the text is not known: save it as UTF-8.');
}

/** Lines end alike on every system. */
const plain = (text: string): string => text.replace(/\r\n?/g, '\n');
