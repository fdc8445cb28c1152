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
