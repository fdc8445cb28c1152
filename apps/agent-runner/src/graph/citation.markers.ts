import { AIMessage, type BaseMessage } from '@langchain/core/messages';

const MARKER = /[ \t]*\[(\d{1,4}(?:\s*[,;]\s*\d{1,4})*)\]/g;
/** What may still become a marker with the next piece of text. */
const BEGUN = /[ \t]*(?:\[[\d\s,;]{0,40})?$/;

/** One use of a source in an answer. */
export interface Mention {
  /** Of the source in the prompt, from 1. */
  source: number;
  /** What the answer says before it. */
  claim: string;
}

/**
 * Reads the markers `[1]` in a streamed answer. They leave it numbered by first use, so that `[n]` is the n-th
 * citation; numbers that no source has are taken out. Text is held back only as long as it may be a marker; code keeps
 * its brackets.
 */
export class CitationMarkers {
  readonly mentions: Mention[] = [];
  /** Everything let through. */
  text = '';
  private held = '';
  private readonly order: number[] = [];
  private backticks = 0;

  constructor(private readonly sources: number) {}

  /** @returns what may be shown now. */
  push(piece: string): string {
    const text = this.held + piece;
    const cut = BEGUN.exec(text)?.index ?? text.length;
    this.held = text.slice(cut);
    return this.let(text.slice(0, cut));
  }

  /** @returns what was held back when the answer ended. */
  end(): string {
    const rest = this.held;
    this.held = '';
    return this.let(rest);
  }

  /** The sources in the order in which the answer first names them. */
  get cited(): number[] {
    return this.order;
  }

  private let(text: string): string {
    let shown = '';
    let from = 0;
    for (const match of text.matchAll(MARKER)) {
      shown += this.plain(text.slice(from, match.index));
      from = match.index + match[0].length;
      shown += this.isCode ? this.plain(match[0]) : this.resolved(match[0], match[1] ?? '');
    }
    return shown + this.plain(text.slice(from));
  }

  private plain(text: string): string {
    this.backticks += text.split('`').length - 1;
    this.text += text;
    return text;
  }

  private resolved(marker: string, numbers: string): string {
    const known = numbers
      .split(/[,;]/)
      .map(Number)
      .filter((number) => number >= 1 && number <= this.sources);
    if (known.length === 0) return '';
    const claim = claimBefore(this.text);
    const shown = known.map((source) => {
      this.mentions.push({ source, claim });
      if (!this.order.includes(source)) this.order.push(source);
      return `[${this.order.indexOf(source) + 1}]`;
    });
    const text = marker.slice(0, marker.indexOf('[')) + [...new Set(shown)].join('');
    this.text += text;
    return text;
  }

  /** An odd number of backticks opens code, inline or fenced. */
  private get isCode(): boolean {
    return this.backticks % 2 === 1;
  }
}

/** The statement that a marker stands after: back to the line's beginning, at most a few sentences. */
function claimBefore(text: string): string {
  const line = text.slice(text.trimEnd().lastIndexOf('\n') + 1);
  return line.replace(MARKER, '').slice(-400);
}

/** Earlier answers without their markers: their sources are not before the model any more. */
export const withoutMarkers = (messages: BaseMessage[]): BaseMessage[] =>
  messages.map((message) =>
    message instanceof AIMessage && Array.isArray(message.response_metadata['citations'])
      ? new AIMessage({
          ...(message.id ? { id: message.id } : {}),
          content: message.text.replace(MARKER, ''),
        })
      : message,
  );
