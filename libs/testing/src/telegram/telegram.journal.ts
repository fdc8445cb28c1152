import { BoundedList } from './bounded.list';
import type { Json } from './json';

export interface JournalEntry {
  /** When the request came, in milliseconds. */
  at: number;
  bot_id: number;
  method: string;
  params: Json;
  /** Null while there is none, and where a fault kept it from the caller. */
  answer: Json | null;
  /** The HTTP status; 0 without an answer. */
  status: number;
  /** The fault that met the request. */
  fault?: string;
}

/** What bots asked, oldest first; it forgets the oldest past its limit. Tokens are not in it. */
export class TelegramJournal {
  private readonly list: BoundedList<JournalEntry>;

  constructor(limit: number) {
    this.list = new BoundedList(limit);
  }

  get entries(): readonly JournalEntry[] {
    return this.list.items;
  }

  /** How many entries it no longer has. */
  get forgotten(): number {
    return this.list.forgotten;
  }

  add(entry: JournalEntry): JournalEntry {
    return this.list.add(entry);
  }

  /** The requests of one method, and of one bot if it is named. */
  of(method: string, bot?: { id: number }): JournalEntry[] {
    return this.entries.filter((entry) => entry.method === method && (!bot || entry.bot_id === bot.id));
  }

  /** The requests that were answered with this status. */
  answered(status: number): JournalEntry[] {
    return this.entries.filter((entry) => entry.status === status);
  }
}
