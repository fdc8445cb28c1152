import { anySignal } from 'any-signal';
import { withBackoff } from '../lifecycle/backoff';
import { CredentialRefusedError } from '../lifecycle/fence';

/** Milliseconds one request may take unless told. */
const REQUEST_TIMEOUT_MS = 5_000;
/** Milliseconds between two attempts, at most twice that: one that is restarted again and again is met while it is there. */
const PAUSE_MS_MAX = 500;

/** The manager did not answer, or not yet with a result; asking again may help. */
export class ManagerUnavailableError extends Error {
  override readonly name = 'ManagerUnavailableError';
}

/** The manager understood the request and refuses it. */
export class ManagerRefusedError extends Error {
  override readonly name = 'ManagerRefusedError';

  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export interface ManagerRequest<Result = unknown> {
  method: 'GET' | 'POST';
  /** Path with query, on the origin of the configuration's URL. */
  path: string;
  /** Serialised anew for each attempt. */
  body?: unknown;
  /** Milliseconds over all attempts. */
  deadline_ms: number;
  /** Milliseconds one attempt may take; 5 s unless told. */
  attempt_ms?: number;
  signal?: AbortSignal;
  /** The attempt that succeeded, with when it was sent and answered by this machine's clock. */
  onAnswer?: (result: Result, sent: number, received: number) => void;
}

/** The manager's internal port. Every request is safe to repeat, and is repeated until its deadline. */
export class ManagerClient {
  private readonly origin: string;
  private readonly headers: Record<string, string>;

  constructor(config_url: string, token: string | null) {
    this.origin = new URL(config_url).origin;
    this.headers = {
      accept: 'application/json',
      'content-type': 'application/json',
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    };
  }

  /**
   * The parsed JSON body, or undefined when there is none.
   * @throws {CredentialRefusedError} {@link ManagerRefusedError} {@link ManagerUnavailableError}
   */
  async request<Result>(request: ManagerRequest<Result>): Promise<Result> {
    const { deadline_ms, signal } = request;
    return withBackoff(() => this.attempt(request), {
      deadline_ms,
      longest_ms: PAUSE_MS_MAX,
      isRetryable: (error) => error instanceof ManagerUnavailableError,
      ...(signal ? { signal } : {}),
    });
  }

  private async attempt<Result>({
    method,
    path,
    body,
    attempt_ms = REQUEST_TIMEOUT_MS,
    signal,
    onAnswer,
  }: ManagerRequest<Result>): Promise<Result> {
    const stop = anySignal([signal, AbortSignal.timeout(attempt_ms)]);
    let status: number;
    let answer: string;
    const sent = Date.now();
    try {
      const response = await fetch(`${this.origin}${path}`, {
        method,
        headers: this.headers,
        signal: stop,
        redirect: 'error',
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      status = response.status;
      answer = await response.text();
    } catch (error) {
      signal?.throwIfAborted();
      throw new ManagerUnavailableError(`The manager at ${this.origin} does not answer ${path}`, {
        cause: error,
      });
    } finally {
      stop.clear();
    }
    const received = Date.now();
    if (status >= 200 && status < 300) {
      const result = (answer === '' ? undefined : JSON.parse(answer)) as Result;
      onAnswer?.(result, sent, received);
      return result;
    }
    const message = `The manager answered ${status} to ${method} ${path}`;
    if (status === 401) throw new CredentialRefusedError(message);
    if (status === 429 || status >= 500) throw new ManagerUnavailableError(message);
    throw new ManagerRefusedError(status, message);
  }
}
