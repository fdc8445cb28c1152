import type { DocumentType } from '@roost/contracts/rest';
import { chunksOf } from '../chunking/chunk.text';
import { checkKind } from './content.kind';
import { boundedText, type ParseAnswer, storable, UnreadableDocument } from './parse.request';
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

/** A parser is loaded when it is needed: some are large. */
async function textOf(content: Buffer, type: DocumentType, pages_max: number): Promise<string> {
  switch (type) {
    case 'pdf':
      return (await import('./pdf.parser')).parsePdf(content, pages_max);
    case 'docx':
      return (await import('./docx.parser')).parseDocx(content);
    case 'html':
      return (await import('./html.parser')).parseHtml(content);
    case 'csv':
      return (await import('./csv.parser')).parseCsv(content);
    case 'markdown':
    case 'text':
      return decodeText(content);
  }
}
