/** What becomes of a request. */
export type Fault =
  /** The server gets it and acts; the caller's connection is cut as soon as the server answers. */
  | { kind: 'lose_answer' }
  /** The server gets it and acts; the caller hears nothing more on this connection. */
  | { kind: 'swallow_answer' }
  /** It reaches the server `ms` milliseconds late. */
  | { kind: 'delay'; ms: number }
  /** It never reaches the server; the caller's connection stays open and silent. */
  | { kind: 'hang' }
  /** It never reaches the server; the caller's connection is cut. */
  | { kind: 'cut' };

/** Which requests meet a fault, and how often. */
export class FaultRule {
  /** How many requests have met it. */
  hits = 0;

  constructor(
    private readonly request: RegExp,
    readonly fault: Fault,
    private left: number,
  ) {}

  /** Counts a request that meets the fault. */
  takes(bytes: Buffer): boolean {
    if (this.left <= 0 || !this.request.test(bytes.toString('latin1'))) return false;
    this.left -= 1;
    this.hits += 1;
    return true;
  }

  /** From now on requests pass. */
  end(): void {
    this.left = 0;
  }
}
