import type { MessageEntity } from 'telegraf/types';

/** A text as Telegram takes it; offsets and lengths count UTF-16 units, as JavaScript does. */
export interface FormattedText {
  text: string;
  entities: MessageEntity[];
}

/** What an entity says besides where it is. */
export type EntityKind =
  | { type: 'bold' | 'italic' | 'strikethrough' | 'code' | 'blockquote' }
  | { type: 'pre'; language?: string }
  | { type: 'text_link'; url: string };

/** Code may begin with white space, and so may a quote that begins with code. */
export const keepsSpace = ({ type }: Pick<MessageEntity, 'type'>): boolean =>
  type === 'code' || type === 'pre' || type === 'blockquote';

interface Open {
  kind: EntityKind;
  /** Null until something is written in it: what comes before the first word belongs to none. */
  start: number | null;
}

const isCode = ({ type }: EntityKind): boolean => type === 'code' || type === 'pre';

/**
 * Builds a text with entities that Telegram takes: none is empty, begins or ends with white space, or overlaps another
 * but by containing it; code holds no other, and quotes hold no quotes
 * (https://core.telegram.org/bots/api#messageentity).
 */
export class FormattedTextBuilder {
  private text = '';
  private readonly entities: MessageEntity[] = [];
  private readonly open: Open[] = [];
  private breaks = 0;
  private prefix = '';

  /** What follows begins after so many line breaks, unless it is the first; the most that was asked for counts. */
  separate(breaks: number): void {
    this.breaks = Math.max(this.breaks, breaks);
  }

  /** Stands before the next words, after the line breaks. */
  indent(prefix: string): void {
    this.prefix += prefix;
  }

  write(text: string): void {
    if (text === '') return;
    if (this.text !== '') this.text += '\n'.repeat(this.breaks);
    this.breaks = 0;
    this.text += this.prefix;
    this.prefix = '';
    for (const entity of this.open) entity.start ??= this.text.length;
    this.text += text;
  }

  begin(kind: EntityKind): void {
    this.open.push({ kind, start: null });
  }

  /** Ends the entity that was begun last. */
  end(): void {
    const entity = this.open.pop();
    if (entity?.start !== null && entity !== undefined) this.add(entity.kind, entity.start);
  }

  /** A whole entity; code ends those that are open before it, and they begin anew behind it. */
  whole(kind: EntityKind, text: string): void {
    if (!isCode(kind)) {
      this.begin(kind);
      this.write(text);
      return this.end();
    }
    this.endThoseAround();
    this.begin(kind);
    this.write(text);
    this.end();
    for (const entity of this.around) entity.start = null;
  }

  build(): FormattedText {
    while (this.open.length > 0) this.end();
    const end = this.text.trimEnd().length;
    const entities = this.entities
      .map((entity) => ({ ...entity, length: Math.min(entity.length, end - entity.offset) }))
      .filter(({ length }) => length > 0);
    return { text: this.text.slice(0, end), entities: entities.sort(byPlace) };
  }

  /** Whether a link or a quote is open. */
  isIn(type: EntityKind['type']): boolean {
    return this.open.some(({ kind }) => kind.type === type);
  }

  private endThoseAround(): void {
    for (const { kind, start } of this.around) if (start !== null) this.add(kind, start);
  }

  /** What is open and cannot hold code. */
  private get around(): Open[] {
    return this.open.filter(({ kind }) => kind.type !== 'blockquote');
  }

  private add(kind: EntityKind, start: number): void {
    const words = this.text.slice(start);
    const inner = keepsSpace(kind) ? words : words.trim();
    const offset = keepsSpace(kind) ? start : start + words.length - words.trimStart().length;
    if (inner.trim() !== '') this.entities.push({ ...kind, offset, length: inner.length });
  }
}

/** Outer ones first; of two on the same words a quote is the outer one, and code the inner. */
export const byPlace = (left: MessageEntity, right: MessageEntity): number =>
  left.offset - right.offset || right.length - left.length || depth(left) - depth(right);

const depth = ({ type }: MessageEntity): number =>
  type === 'blockquote' ? 0 : type === 'code' || type === 'pre' ? 2 : 1;
