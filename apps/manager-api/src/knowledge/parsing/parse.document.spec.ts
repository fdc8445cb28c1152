import type { DocumentType } from '@roost/contracts/rest';
import iconv from 'iconv-lite';
import { describe, expect, it } from 'vitest';
import { archive, docx, encryptedPdf, lyingZipBomb, pdf, scannedPdf, zipBomb } from '@roost/testing';
import { parseDocument } from './parse.document';

const PAGES_MAX = 5;

async function textOf(content: Buffer | string, type: DocumentType): Promise<string> {
  const answer = await parseDocument(Buffer.from(content), type, PAGES_MAX);
  if ('problem' in answer) throw new Error(answer.problem);
  return answer.chunks.map(({ text }) => text).join('\n');
}

async function problemOf(content: Buffer | string, type: DocumentType): Promise<string> {
  const answer = await parseDocument(Buffer.from(content), type, PAGES_MAX);
  return 'problem' in answer ? answer.problem : `no problem: ${JSON.stringify(answer.chunks).slice(0, 200)}`;
}

describe('what is read', () => {
  it('of a PDF is the text of all its pages', async () => {
    const text = await textOf(
      await pdf('We open at nine.\nOn Sundays at ten.', 'Returns take two weeks.'),
      'pdf',
    );
    expect(text).toContain('We open at nine.');
    expect(text).toContain('Returns take two weeks.');
  });

  it('of a Word document is its text under its headings', async () => {
    const answer = await parseDocument(await docx(['# Returns', 'Within two weeks.']), 'docx', PAGES_MAX);
    expect(answer).toMatchObject({
      chunks: [{ text: '# Returns\n\nWithin two weeks.', headings: ['Returns'] }],
    });
  });

  it('of a page are its words under title and headings, without navigation and scripts', async () => {
    const text = await textOf(
      `<html><head><title>Shop &amp; more</title><style>p{}</style></head><body><nav>Menu</nav>
       <h2>Delivery</h2><p>Two <b>days</b>, see <a href="https://x.example/">here</a>.</p>
       <script>alert(1)</script><ul><li>one</li><li>two</li></ul></body></html>`,
      'html',
    );
    expect(text).toContain('# Shop & more');
    expect(text).toContain('## Delivery\n\nTwo days, see here.');
    expect(text).toMatch(/\* one\s+\* two/);
    expect(text).not.toMatch(/Menu|alert|https/);
  });

  it('of a table is every row with its column names', async () => {
    expect(await textOf('name;price;note\nTea;3,50;"green;\nfresh"\nCake;4;\n', 'csv')).toBe(
      'name: Tea\nprice: 3,50\nnote: green; fresh\n\nname: Cake\nprice: 4',
    );
  });

  it('of Markdown and text is the text itself', async () => {
    expect(await textOf('# Hours\r\n\r\nWe open at *nine*.', 'markdown')).toBe(
      '# Hours\n\nWe open at *nine*.',
    );
    expect(await textOf('\uFEFFПривет, мир.', 'text')).toBe('Привет, мир.');
  });

  const russian = 'Магазин открывается в девять часов утра и закрывается в восемь часов вечера. '
    .repeat(3)
    .trim();
  it.each(['utf-8', 'utf-16le', 'utf-16be', 'windows-1251', 'koi8-r'])(
    'is the same in %s',
    async (encoding) => {
      expect(await textOf(iconv.encode(russian, encoding, { addBOM: true }), 'text')).toBe(russian);
    },
  );

  it('of a page that names its encoding is decoded so', async () => {
    const page = `<html><head><meta charset="iso-8859-1"></head><body><p>Café à côté</p></body></html>`;
    expect(await textOf(iconv.encode(page, 'latin1'), 'html')).toBe('Café à côté');
  });

  it('can be stored: without NUL and half surrogate pairs', async () => {
    expect(await textOf('<p>a&#xD800;b&#0;c</p>', 'html')).toMatch(/^[^\0\p{Surrogate}]+$/u);
  });
});

describe('what cannot be read', () => {
  it.each<[string, () => Buffer | string | Promise<Buffer>, DocumentType, string]>([
    ['an empty file', () => '', 'text', 'The document is empty.'],
    ['a file of blanks', () => ' \n\n', 'markdown', 'holds no text'],
    ['a broken PDF', async () => (await pdf('x')).subarray(0, 300), 'pdf', 'broken'],
    ['a PDF of rubbish', () => `%PDF-1.7\n${'rubbish '.repeat(100)}`, 'pdf', 'broken'],
    ['an encrypted PDF', encryptedPdf, 'pdf', 'encrypted'],
    ['a scanned PDF', scannedPdf, 'pdf', 'text recognition'],
    ['a PDF with too many pages', () => pdf('1', '2', '3', '4', '5', '6'), 'pdf', 'KNOWLEDGE_PDF_PAGES_MAX'],
    ['a zip bomb', zipBomb, 'docx', 'zip bombs'],
    ['a zip bomb that lies', lyingZipBomb, 'docx', 'archive'],
    ['an archive that is no document', () => archive({ 'a.txt': 'x' }), 'docx', 'no Word document'],
    ['half a Word document', async () => (await docx(['x'])).subarray(0, 400), 'docx', 'broken'],
    [
      'a Word document of broken XML',
      () => docx([], { 'word/document.xml': Buffer.from('<w:doc') }),
      'docx',
      'broken',
    ],
    ['a PDF named as a text', () => pdf('x'), 'text', 'its content is a PDF'],
    ['a text named as a PDF', () => 'just words', 'pdf', 'its content is text'],
    ['a Word document named as a page', () => docx(['x']), 'html', 'ZIP archive'],
    [
      'binary rubbish',
      () => Buffer.from(Array.from({ length: 5_000 }, (_, n) => (n * 37) % 256)),
      'csv',
      'binary data',
    ],
    ['a page without words', () => '<html><body><img src="x"></body></html>', 'html', 'holds no text'],
    ['a table with a broken quote', () => 'a,b\n"x,1\n', 'csv', 'quotes'],
  ])('%s is named with the remedy', async (_what, content, type, words) => {
    expect(await problemOf(await content(), type)).toContain(words);
  });
});
