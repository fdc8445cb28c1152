/**
 * How a runner ends, for the launcher and for people. A wrong environment is 2, as in every app; the rest follows
 * sysexits.h where it has a word for it.
 */
export const exitCodes = {
  stopped: 0,
  failed: 1,
  /** The exchange code was used before, has expired, or belongs to another instance. */
  exchange_refused: 65,
  /** A newer instance of the agent took over; this one must not do anything more. */
  replaced: 66,
  /** The manager or Redis did not answer within the deadline. */
  unavailable: 69,
} as const;

/** Ends the process with a code of its own and a message that names the remedy. */
export class ExitError extends Error {
  override readonly name = 'ExitError';

  constructor(
    readonly reason: keyof typeof exitCodes,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  get code(): number {
    return exitCodes[this.reason];
  }
}
