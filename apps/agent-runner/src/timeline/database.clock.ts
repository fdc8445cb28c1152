/**
 * The database's time as this machine tells it. Each answer bounds how far the two clocks are apart, for the other
 * one was read after the question was sent and before the answer came: what all answers allow is narrower than what
 * one does, for a slow start of a request and a slow reading of an answer blur opposite ends (Marzullo's algorithm).
 */
export class DatabaseClock {
  private least_ms = Number.NEGATIVE_INFINITY;
  private most_ms = Number.POSITIVE_INFINITY;

  /** The database's clock stood at `clock` at some moment between `sent` and `received`, which are this machine's. */
  sample(sent: number, received: number, clock: number): void {
    if (received < sent) return;
    const least_ms = clock - received;
    const most_ms = clock - sent;
    // One of the clocks was set since the earlier answers: they say nothing any more.
    const apart = least_ms > this.most_ms || most_ms < this.least_ms;
    this.least_ms = apart ? least_ms : Math.max(this.least_ms, least_ms);
    this.most_ms = apart ? most_ms : Math.min(this.most_ms, most_ms);
  }

  /** Turns milliseconds of the Unix epoch by this machine's clock into the database's; null before the first sample. */
  at(local: number): number | null {
    return Number.isFinite(this.least_ms) ? local + (this.least_ms + this.most_ms) / 2 : null;
  }
}
