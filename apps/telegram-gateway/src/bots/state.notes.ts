import type { Logger } from 'pino';
import type { BotError, BotState } from './bot.entity';

interface Note {
  state: BotState;
  error: BotError | null;
}

/** What a session lets operators know of its bot, one after the other: what it told last is what they see. */
export class StateNotes {
  private last: Note | null = null;
  private isWriting = false;

  constructor(
    private readonly write: (state: BotState, error: BotError | null) => Promise<void>,
    private readonly logger: Logger,
  ) {}

  tell(state: 'running' | 'failed' | 'stopping', problem: Omit<BotError, 'at'> | null): void {
    this.last = { state, error: problem && { at: new Date().toISOString(), ...problem } };
    this.writeLast();
  }

  /** Tells it again where operators see another state. */
  heal(seen: BotState): void {
    if (this.last && this.last.state !== seen) this.writeLast();
  }

  private writeLast(): void {
    if (!this.isWriting) void this.writeInOrder();
  }

  private async writeInOrder(): Promise<void> {
    this.isWriting = true;
    for (let written: Note | null = null; this.last && written !== this.last;) {
      written = this.last;
      await this.write(written.state, written.error).catch((err: unknown) => {
        this.logger.warn({ err }, 'the state of a bot was not noted');
      });
    }
    this.isWriting = false;
  }
}
