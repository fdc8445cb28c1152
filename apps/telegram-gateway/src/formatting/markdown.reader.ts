import MarkdownIt from 'markdown-it';
import { type FormattedText, FormattedTextBuilder } from './formatted.text';
import { tableText } from './table.text';

type Token = ReturnType<typeof parser.parse>[number];

/** Quotes and lists within each other that are read; the parser drops what lies deeper. */
const NESTING_MAX = 100;

const parser = new MarkdownIt({ html: false, linkify: false }).set({ maxNesting: NESTING_MAX });

/** Characters that are read as Markdown; a model writes no more, and what does is shown as it is. */
const MARKDOWN_MAX = 100_000;

const BULLET = '• ';
const RULE = '———';

/** What Telegram opens; other addresses stay words. */
const LINK = /^(?:https?:\/\/[^\s/]+|tg:\/\/|mailto:)/i;

/**
 * Reads Markdown (CommonMark with tables and strikethrough) into what Telegram shows. It never fails and loses no
 * words: markup that makes no sense is shown as it was written.
 */
export function readMarkdown(markdown: string): FormattedText {
  const source = markdown.replaceAll(/\0|\p{Surrogate}/gu, '\ufffd');
  if (source.length <= MARKDOWN_MAX) {
    try {
      const tokens = parser.parse(source, {});
      const isWhole = tokens.every(({ level }) => level < NESTING_MAX - 1);
      if (isWhole) return new MarkdownReader().read(tokens);
    } catch {
      // As it was written, then.
    }
  }
  return { text: source.trimEnd(), entities: [] };
}

/** A list that is open: its next number, or null for bullets. */
interface List {
  next: number | null;
}

class MarkdownReader {
  private readonly out = new FormattedTextBuilder();
  private readonly lists: List[] = [];
  private table: string[][] | null = null;
  /** Addresses of links that are open. */
  private readonly links: string[] = [];
  /** How deep the quote that is open lies in others. */
  private quoteLevel: number | null = null;

  read(tokens: Token[]): FormattedText {
    for (const token of tokens) this.block(token);
    return this.out.build();
  }

  private block(token: Token): void {
    switch (token.type) {
      case 'paragraph_open':
        return this.out.separate(token.hidden ? 1 : 2);
      case 'paragraph_close':
        return this.out.separate(token.hidden ? 1 : 2);
      case 'heading_open':
        this.out.separate(2);
        return this.out.begin({ type: 'bold' });
      case 'heading_close':
        this.out.end();
        return this.out.separate(2);
      case 'blockquote_open':
        this.out.separate(2);
        // Quotes hold no quotes: the outer one stands for all.
        return this.out.isIn('blockquote') ? undefined : this.beginQuote(token);
      case 'blockquote_close':
        if (this.quoteLevel === token.level) this.endQuote();
        return this.out.separate(2);
      case 'bullet_list_open':
        return this.beginList(null);
      case 'ordered_list_open':
        return this.beginList(Number(token.attrGet('start') ?? 1));
      case 'bullet_list_close':
      case 'ordered_list_close':
        this.lists.pop();
        return this.out.separate(this.lists.length > 0 ? 1 : 2);
      case 'list_item_open':
        return this.beginItem();
      case 'fence':
      case 'code_block':
        return this.code(token);
      case 'hr':
        this.out.separate(2);
        this.out.write(RULE);
        return this.out.separate(2);
      case 'table_open':
        this.table = [];
        return this.out.separate(2);
      case 'tr_open':
        this.table?.push([]);
        return;
      case 'table_close':
        return this.endTable();
      case 'inline':
        return this.table ? this.cell(token) : this.inline(token.children ?? []);
      default:
        return;
    }
  }

  private beginQuote({ level }: Token): void {
    this.quoteLevel = level;
    this.out.begin({ type: 'blockquote' });
  }

  private endQuote(): void {
    this.quoteLevel = null;
    this.out.end();
  }

  private beginList(next: number | null): void {
    this.out.separate(this.lists.length > 0 ? 1 : 2);
    this.lists.push({ next });
  }

  private beginItem(): void {
    const list = this.lists.at(-1);
    if (!list) return;
    this.out.separate(1);
    const marker = list.next === null ? BULLET : `${list.next}. `;
    if (list.next !== null) list.next += 1;
    this.out.indent('  '.repeat(this.lists.length - 1) + marker);
  }

  private code({ content, info, markup }: Token): void {
    // Nothing but the line that begins it.
    if (content.trim() === '') return this.out.write(`${markup}${info}`);
    const language = /^[\w+#.-]{1,40}/.exec(info.trim())?.[0];
    this.out.separate(2);
    this.out.whole({ type: 'pre', ...(language === undefined ? {} : { language }) }, content.trimEnd());
    this.out.separate(2);
  }

  private cell({ children }: Token): void {
    this.table?.at(-1)?.push(wordsOf(children ?? []).replaceAll('\n', ' '));
  }

  private endTable(): void {
    const rows = this.table ?? [];
    this.table = null;
    this.out.whole({ type: 'pre' }, tableText(rows));
    this.out.separate(2);
  }

  private inline(tokens: Token[]): void {
    for (const token of tokens) this.inlineToken(token);
  }

  private inlineToken(token: Token): void {
    switch (token.type) {
      case 'strong_open':
        return this.out.begin({ type: 'bold' });
      case 'em_open':
        return this.out.begin({ type: 'italic' });
      case 's_open':
        return this.out.begin({ type: 'strikethrough' });
      case 'strong_close':
      case 'em_close':
      case 's_close':
        return this.out.end();
      case 'code_inline':
        // A link holds no code; it is worth more than its look.
        return this.out.isIn('text_link')
          ? this.out.write(token.content)
          : this.out.whole({ type: 'code' }, token.content);
      case 'link_open':
        return this.beginLink(String(token.attrGet('href') ?? ''));
      case 'link_close':
        return this.endLink();
      case 'image':
        return this.image(token);
      case 'softbreak':
      case 'hardbreak':
        return this.out.write('\n');
      default:
        return this.out.write(withBoxes(token.content));
    }
  }

  private beginLink(href: string): void {
    this.links.push(href);
    if (LINK.test(href)) this.out.begin({ type: 'text_link', url: href });
  }

  /** What Telegram would not open is shown as it was written. */
  private endLink(): void {
    const href = this.links.pop() ?? '';
    if (LINK.test(href)) return this.out.end();
    if (href !== '') this.out.write(` (${href})`);
  }

  private image(token: Token): void {
    const words = wordsOf(token.children ?? []) || token.content || 'image';
    const href = String(token.attrGet('src') ?? '');
    // A link holds no link.
    if (!LINK.test(href) || this.out.isIn('text_link')) return this.out.write(words);
    this.out.whole({ type: 'text_link', url: href }, words);
  }
}

/** The words of a piece of text without its formatting. */
const wordsOf = (tokens: Token[]): string =>
  tokens
    .map((token) => {
      if (token.type === 'softbreak' || token.type === 'hardbreak') return '\n';
      return token.type === 'image' ? wordsOf(token.children ?? []) : token.content;
    })
    .join('');

/** Tasks of a list. */
const withBoxes = (text: string): string => text.replace(/^\[ \] /, '☐ ').replace(/^\[[xX]\] /, '☑ ');
