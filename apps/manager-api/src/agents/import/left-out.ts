import { storableText } from '../../database/storable.text';

/** Something of the former configuration that the agent does not have. */
export interface LeftOut {
  /** Dotted path into what was sent. */
  path: string;
  /** Why, and what to do about it. */
  reason: string;
}

/** Collects what could not be taken over. */
export class LeftOutList {
  readonly items: LeftOut[] = [];

  add(path: string, reason: string): void {
    this.items.push({ path: cut(path, PATH_MAX), reason: cut(reason, REASON_MAX) });
  }
}

const PATH_MAX = 500;
const REASON_MAX = 2_000;

const cut = (text: string, max: number): string => storableText(text.slice(0, max));
