import JSZip from 'jszip';
import { PDFDocument, StandardFonts } from 'pdf-lib';

/** A PDF with these pages, made by a library. */
export async function pdf(...pages: string[]): Promise<Buffer> {
  const document = await PDFDocument.create();
  const font = await document.embedFont(StandardFonts.Helvetica);
  for (const text of pages) {
    const page = document.addPage();
    text
      .split('\n')
      .forEach((line, index) => page.drawText(line, { x: 40, y: 780 - index * 16, size: 11, font }));
  }
  return Buffer.from(await document.save());
}

/** A PDF whose pages hold no text, as scans. */
export const scannedPdf = async (): Promise<Buffer> => {
  const document = await PDFDocument.create();
  document.addPage().drawRectangle({ x: 10, y: 10, width: 100, height: 100 });
  return Buffer.from(await document.save());
};

/** A PDF that says it is encrypted and whose user password is not the empty one. */
export async function encryptedPdf(): Promise<Buffer> {
  const plain = Buffer.from(
    await (await PDFDocument.load(await pdf('secret'))).save({ useObjectStreams: false }),
  );
  const key = 'A'.repeat(64);
  const trailer = `/Encrypt << /Filter /Standard /V 1 /R 2 /O <${key}> /U <${key}> /P -4 >> /ID [<${key}> <${key}>]`;
  return Buffer.from(plain.toString('latin1').replace(/trailer\s*<</, `trailer\n<< ${trailer}`), 'latin1');
}

const CONTENT_TYPES = `<?xml version="1.0" encoding="UTF-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>
</Types>`;
const RELATIONSHIPS = `<?xml version="1.0" encoding="UTF-8"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>
</Relationships>`;

const paragraph = (text: string): string => {
  const heading = text.startsWith('# ');
  const style = heading ? '<w:pPr><w:pStyle w:val="Heading1"/></w:pPr>' : '';
  return `<w:p>${style}<w:r><w:t>${heading ? text.slice(2) : text}</w:t></w:r></w:p>`;
};

/** A ZIP archive of these files. */
export function archive(files: Record<string, string | Buffer>): Promise<Buffer> {
  const zip = new JSZip();
  for (const [name, content] of Object.entries(files)) zip.file(name, content);
  return zip.generateAsync({ type: 'nodebuffer', compression: 'DEFLATE', compressionOptions: { level: 9 } });
}

/** A Word document with these paragraphs; one that begins with `# ` is a heading. */
export const docx = (paragraphs: string[], extra: Record<string, Buffer> = {}): Promise<Buffer> =>
  archive({
    '[Content_Types].xml': CONTENT_TYPES,
    '_rels/.rels': RELATIONSHIPS,
    'word/document.xml': `<?xml version="1.0" encoding="UTF-8"?>
<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>${paragraphs.map(paragraph).join('')}</w:body></w:document>`,
    ...extra,
  });

/** A Word document of some kilobytes that unpacks to more than a hundred megabytes. */
export const zipBomb = (): Promise<Buffer> =>
  docx(['harmless'], { 'word/media/bomb.bin': Buffer.alloc(120 * 1_048_576) });

/** The same with a directory that says its entries are small. */
export async function lyingZipBomb(): Promise<Buffer> {
  const bomb = await zipBomb();
  const size = Buffer.alloc(4);
  size.writeUInt32LE(120 * 1_048_576);
  const lie = Buffer.alloc(4);
  lie.writeUInt32LE(1_000);
  for (let at = bomb.indexOf(size); at !== -1; at = bomb.indexOf(size, at + 4)) lie.copy(bomb, at);
  return bomb;
}
