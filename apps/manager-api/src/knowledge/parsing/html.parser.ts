import { convert, type FormatCallback, type HtmlToTextOptions } from 'html-to-text';
import { TEXT_CHARACTERS_MAX } from './parse.request';
import { declaredEncoding, decodeText } from './text.encoding';

const LEVELS = [1, 2, 3, 4, 5, 6] as const;

/** As in Markdown, so that chunks know which headings they stand under. */
const heading =
  (level: number): FormatCallback =>
  (element, walk, builder) => {
    builder.openBlock({ leadingLineBreaks: 2 });
    builder.addInline(`${'#'.repeat(level)} `);
    walk(element.children, builder);
    builder.closeBlock({ trailingLineBreaks: 2 });
  };

const options: HtmlToTextOptions = {
  wordwrap: false,
  preserveNewlines: false,
  formatters: Object.fromEntries(LEVELS.map((level) => [`heading${level}`, heading(level)])),
  selectors: [
    ...LEVELS.map((level) => ({ selector: `h${level}`, format: `heading${level}` })),
    { selector: 'a', options: { ignoreHref: true } },
    { selector: 'table', format: 'dataTable', options: { uppercaseHeaderCells: false, maxColumnWidth: 200 } },
    ...[
      'title',
      'img',
      'nav',
      'script',
      'style',
      'noscript',
      'template',
      'svg',
      'iframe',
      'form',
      'button',
    ].map((selector) => ({ selector, format: 'skip' })),
  ],
  limits: { maxInputLength: TEXT_CHARACTERS_MAX * 4, maxDepth: 200, ellipsis: '' },
};

/** The words of a page without its navigation, under the title it has. */
export function parseHtml(content: Buffer): string {
  const html = decodeText(content, declaredEncoding(content));
  const title = convert(html, {
    baseElements: { selectors: ['title'], returnDomByDefault: false },
    wordwrap: false,
  });
  const text = htmlToText(html);
  const words = title.replace(/\s+/g, ' ').trim();
  return words === '' || text.includes(`# ${words}`) ? text : `# ${words}\n\n${text}`;
}

export const htmlToText = (html: string): string => convert(html, options).trim();
