import pLimit from 'p-limit';

/**
 * Knows which runs have begun, and has it told before they do: if the instance is killed, its manager then knows
 * by which messages that may have been.
 */
export class RunRegister {
  private readonly begun = new Set<string>();
  private readonly suspects: Set<string>;
  private readonly alone = pLimit(1);

  /** `tell` publishes {@link begun_ids}, and does not reject. */
  constructor(
    suspects: readonly string[],
    public tell: () => Promise<void> = () => Promise.resolve(),
  ) {
    this.suspects = new Set(suspects);
  }

  get begun_ids(): string[] {
    return [...this.begun];
  }

  /** Whether the message may be what killed its runner: nothing is to share a run with it. */
  isSuspect(message_id: string): boolean {
    return this.suspects.has(message_id);
  }

  /** Runs `work`, which answers these messages; nothing runs beside a suspect. */
  run<Result>(message_ids: string[], work: () => Promise<Result>): Promise<Result> {
    // Until the last suspect is done: they are the oldest messages, and none but they may be to blame.
    if (this.suspects.size === 0) return this.noted(message_ids, work);
    return this.alone(() => this.noted(message_ids, work));
  }

  /** These will not be run: nothing waits for those that have not begun. */
  forget(message_ids: string[]): void {
    for (const id of message_ids) if (!this.begun.has(id)) this.suspects.delete(id);
  }

  private async noted<Result>(message_ids: string[], work: () => Promise<Result>): Promise<Result> {
    for (const id of message_ids) this.begun.add(id);
    try {
      const told = this.tell();
      // What is told leaves before anything the run does; a suspect waits until it has arrived.
      if (this.suspects.size > 0) await told;
      return await work();
    } finally {
      for (const id of message_ids) {
        this.begun.delete(id);
        this.suspects.delete(id);
      }
    }
  }
}
