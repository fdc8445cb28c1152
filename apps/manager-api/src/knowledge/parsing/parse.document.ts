import type { DocumentType } from '@roost/contracts/rest';
import { chunksOf } from '../chunking/chunk.text';
import { checkKind } from './content.kind';
import { parseCsv } from './csv.parser';
import { parseDocx } from './docx.parser';
import { parseHtml } from './html.parser';
import { boundedText, type ParseAnswer, storable, UnreadableDocument } from './parse.request';
import { parsePdf } from './pdf.parser';
import { decodeText } from './text.encoding';

/** The chunks of a document, or why it has none. What it throws is a fault of the parser. */
export async function parseDocument(
  content: Buffer,
  type: DocumentType,
  pages_max: number,
): Promise<ParseAnswer> {
  try {
    checkKind(content, type);
    const chunks = chunksOf(storable(boundedText(await textOf(content, type, pages_max))));
    return chunks.length > 0 ? { chunks } : { problem: 'The document holds no text.' };
  } catch (error) {
    if (error instanceof UnreadableDocument) return { problem: error.message };
    throw error;
  }
}

function textOf(content: Buffer, type: DocumentType, pages_max: number): string | Promise<string> {
  switch (type) {
    case 'pdf':
      return parsePdf(content, pages_max);
    case 'docx':
      return parseDocx(content);
    case 'html':
      return parseHtml(content);
    case 'csv':
      return parseCsv(content);
    case 'markdown':
    case 'text':
      return decodeText(content);
  }
}
