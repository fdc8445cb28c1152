export type GuardedHttpErrorCode =
  | 'url_refused'
  | 'port_refused'
  | 'address_refused'
  | 'host_not_found'
  | 'redirect_refused'
  | 'response_too_large'
  | 'timed_out'
  | 'connection_failed';

/** Why a request was refused or failed. `message` names the remedy and quotes no header, query or body. */
export class GuardedHttpError extends Error {
  override readonly name = 'GuardedHttpError';

  constructor(
    readonly code: GuardedHttpErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The refusal that an error is or was wrapped around: fetch wraps what went wrong, where several addresses were tried more than once. */
export function guardedCause(error: unknown): GuardedHttpError | null {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof GuardedHttpError) return cause;
  }
  return null;
}
