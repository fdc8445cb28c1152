/**
 * The database's time as this machine tells it: Cristian's algorithm, and of all samples the one with the shortest
 * round trip. It is off by at most half of that, and by what the two clocks drift apart since.
 */
export class DatabaseClock {
  private round_trip_ms = Number.POSITIVE_INFINITY;
  private offset_ms: number | null = null;

  /** The database's clock stood at `clock` at some moment between `sent` and `received`, which are this machine's. */
  sample(sent: number, received: number, clock: number): void {
    const round_trip_ms = received - sent;
    if (round_trip_ms < 0 || round_trip_ms >= this.round_trip_ms) return;
    this.round_trip_ms = round_trip_ms;
    this.offset_ms = clock - (sent + received) / 2;
  }

  /** Milliseconds of the Unix epoch; null before the first sample. */
  now(): number | null {
    return this.offset_ms === null ? null : Date.now() + this.offset_ms;
  }
}
