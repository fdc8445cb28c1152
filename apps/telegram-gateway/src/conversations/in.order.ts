/** Work that is done one after the other for the same key, and side by side for others. */
export class InOrder {
  private readonly last = new Map<string, Promise<void>>();

  /** What fails holds up none of what comes after it. */
  run(key: string, work: () => Promise<void>): Promise<void> {
    const before = this.last.get(key) ?? Promise.resolve();
    const done = before.then(work);
    const settled = done.catch(() => undefined);
    this.last.set(key, settled);
    void settled.then(() => {
      if (this.last.get(key) === settled) this.last.delete(key);
    });
    return done;
  }
}
