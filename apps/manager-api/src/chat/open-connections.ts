/** Counts the open connections of each subject. */
export class OpenConnections {
  private readonly counts = new Map<string, number>();

  /** @returns how to give the place back, which may be done twice; null when the subject has `max` already. */
  take(subject: string, max: number): (() => void) | null {
    const open = this.counts.get(subject) ?? 0;
    if (open >= max) return null;
    this.counts.set(subject, open + 1);
    let taken = true;
    return () => {
      if (!taken) return;
      taken = false;
      const left = (this.counts.get(subject) ?? 1) - 1;
      if (left > 0) this.counts.set(subject, left);
      else this.counts.delete(subject);
    };
  }

  /** Subjects that have any. */
  get size(): number {
    return this.counts.size;
  }
}
