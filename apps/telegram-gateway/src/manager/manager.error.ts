/** The manager understood, and refuses. */
export class ManagerRefusal extends Error {
  override readonly name = 'ManagerRefusal';

  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    /** Seconds to wait before asking again, where it says so. */
    readonly retry_after_s: number | null,
  ) {
    super(detail);
  }

  /** Whether asking again later may help. */
  get passes(): boolean {
    return this.status >= 500 || this.status === 429 || this.status === 401 || this.status === 403;
  }
}

/** The manager did not answer, or stopped in the middle: asking again is harmless and may help. */
export class ManagerSilence extends Error {
  override readonly name = 'ManagerSilence';
}
