import { extractText, getDocumentProxy } from 'unpdf';
import { UnreadableDocument } from './parse.request';

/** The text of a PDF, a paragraph a page at least. @throws {UnreadableDocument} */
export async function parsePdf(content: Buffer, pages_max: number): Promise<string> {
  const pdf = await open(content);
  if (pdf.numPages > pages_max) {
    throw new UnreadableDocument(
      `The PDF has ${pdf.numPages} pages, more than ${pages_max}: split it, or let the operator raise KNOWLEDGE_PDF_PAGES_MAX.`,
    );
  }
  const { text } = await extractText(pdf, { mergePages: false });
  if (text.every((page) => page.trim() === '')) {
    throw new UnreadableDocument(
      'The PDF has no text, only pictures of it, as scans do: run it through text recognition (OCR) first.',
    );
  }
  return text.map((page) => page.trim()).join('\n\n');
}

async function open(content: Buffer): ReturnType<typeof getDocumentProxy> {
  try {
    return await getDocumentProxy(new Uint8Array(content), {
      isEvalSupported: false,
      disableFontFace: true,
      useSystemFonts: false,
      stopAtErrors: false,
      verbosity: 0,
    });
  } catch (error) {
    throw error instanceof Error && error.name === 'PasswordException'
      ? new UnreadableDocument('The PDF is encrypted with a password: save it without one.')
      : new UnreadableDocument('The PDF is broken and cannot be read: make it anew.');
  }
}
