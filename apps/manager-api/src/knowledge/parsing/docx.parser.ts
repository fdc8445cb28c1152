import mammoth from 'mammoth';
import { htmlToText } from './html.parser';
import { UnreadableDocument } from './parse.request';
import { safeEntries } from './zip.contents';

/** The text of a Word document, its headings as those of Markdown. @throws {UnreadableDocument} */
export async function parseDocx(content: Buffer): Promise<string> {
  const entries = await safeEntries(content);
  if (!entries.includes('word/document.xml')) {
    throw new UnreadableDocument(
      'The archive holds no Word document: send .docx, not another kind of archive.',
    );
  }
  try {
    const { value } = await mammoth.convertToHtml(
      { buffer: content },
      // Pictures say nothing here, and linked files are none of ours.
      {
        convertImage: mammoth.images.imgElement(() => Promise.resolve({ src: '' })),
        externalFileAccess: false,
      },
    );
    return htmlToText(value);
  } catch {
    throw new UnreadableDocument('The Word document is broken and cannot be read: save it anew.');
  }
}
