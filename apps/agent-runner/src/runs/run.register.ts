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

  /** Runs `work`; nothing runs beside a suspect. */
  run(message_id: string, work: () => Promise<void>): Promise<void> {
    // Until the last suspect is done: they are the oldest messages, and none but they may be to blame.
    if (this.suspects.size === 0) return this.noted(message_id, work);
    return this.alone(() => this.noted(message_id, work));
  }

  private async noted(message_id: string, work: () => Promise<void>): Promise<void> {
    this.begun.add(message_id);
    try {
      await this.tell();
      await work();
    } finally {
      this.begun.delete(message_id);
      this.suspects.delete(message_id);
    }
  }
}
