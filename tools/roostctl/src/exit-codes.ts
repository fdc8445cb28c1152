/** What the process ends with; scripts may branch on it. */
export const exitCodes = {
  ok: 0,
  /** Something was tried and did not succeed, or a check of `doctor` failed. */
  failed: 1,
  /** The command line, the environment or a document is wrong; nothing was done. */
  invalid: 2,
  /** The credential is missing, wrong or too narrow. */
  refused: 3,
  /** There is no such agent. */
  not_found: 4,
  /** The service, or the database, does not answer. */
  unavailable: 5,
  /** Ctrl-C. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Ends the command; the message says what to do. */
export class CommandError extends Error {
  override readonly name = 'CommandError';

  constructor(
    message: string,
    readonly exit_code: ExitCode = exitCodes.failed,
  ) {
    super(message);
  }
}
