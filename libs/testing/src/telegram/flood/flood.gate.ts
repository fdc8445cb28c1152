/** At most `count` in any `per_ms` milliseconds. */
export interface FloodLimit {
  count: number;
  per_ms: number;
}

/** One limit for one sender, and its penalty. */
export class FloodGate {
  private readonly passed: number[] = [];
  private blocked_until = 0;
  private retry_after = 0;

  constructor(
    private readonly limit: FloodLimit,
    private readonly growth: number,
    private readonly longest_seconds: number,
  ) {}

  /** 0 when one more may pass. Asking before the end of a penalty makes it longer, counted from now. */
  secondsToWait(now: number): number {
    if (now < this.blocked_until) return this.block(now, Math.ceil(this.retry_after * this.growth));
    const { count, per_ms } = this.limit;
    while (this.passed[0] !== undefined && this.passed[0] <= now - per_ms) this.passed.shift();
    const oldest = this.passed[0];
    if (oldest === undefined || this.passed.length < count) return 0;
    return this.block(now, Math.max(1, Math.ceil((oldest + per_ms - now) / 1_000)));
  }

  pass(now: number): void {
    this.retry_after = 0;
    this.passed.push(now);
  }

  private block(now: number, seconds: number): number {
    this.retry_after = Math.min(seconds, this.longest_seconds);
    this.blocked_until = now + this.retry_after * 1_000;
    return this.retry_after;
  }
}
