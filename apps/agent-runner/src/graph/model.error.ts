import type { ErrorCode } from '@roost/contracts';
import type { GuardedHttpError } from '@roost/guarded-http';

export type ModelErrorCode = Extract<ErrorCode, `model_${string}`>;

/** The model gave no usable answer. `message` is shown to users: it names the remedy, never a key or a prompt. */
export class ModelError extends Error {
  override readonly name = 'ModelError';

  constructor(
    readonly code: Exclude<ModelErrorCode, 'model_key_required'>,
    message: string,
    readonly retry: { helps: boolean; after_ms: number },
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

const never = { helps: false, after_ms: 0 };
const soon = { helps: true, after_ms: 0 };

/** What the OpenAI client's errors have in common. */
interface ProviderError {
  status?: number;
  code?: string | null;
  headers?: { get?: (name: string) => string | null };
}

/** The model was silent for too long. */
export const timedOut = (seconds: number): ModelError =>
  new ModelError(
    'model_timeout',
    `The model did not answer within ${seconds} seconds. Try again, or choose a faster model.`,
    never,
  );

/** The stream ended before the answer did. */
export const brokeOff = (cause?: unknown): ModelError =>
  new ModelError(
    'model_unavailable',
    "The model's answer broke off. Send the message again.",
    soon,
    cause === undefined ? {} : { cause },
  );

/** Something came back, but not an answer. */
export const malformed = (cause?: unknown): ModelError =>
  new ModelError(
    'model_malformed',
    'The model provider sent something that is not an answer. Check that model.base_url speaks the OpenAI protocol.',
    never,
    cause === undefined ? {} : { cause },
  );

/** No run can use it, and nobody would read it. */
export const endless = (units: number): ModelError =>
  new ModelError(
    'model_malformed',
    `The model's answer has more than ${units} characters and was broken off. Set model.max_tokens, or choose another model.`,
    never,
  );

export const withheld = (): ModelError =>
  new ModelError(
    'model_bad_request',
    "The provider's content filter withheld the answer. Rephrase the message.",
    never,
  );

/** Says what a failed request to the provider means and whether asking again may help. */
export function fromProvider(error: unknown): ModelError {
  if (!(error instanceof Error)) return malformed(error);
  const options = { cause: error };
  const { status, code } = error as ProviderError;
  if (error.name === 'ContextOverflowError') {
    return new ModelError(
      'model_bad_request',
      'The conversation is longer than the model can read. Lower memory.depth or shorten the system prompt.',
      never,
      options,
    );
  }
  if (status === undefined) {
    const refused = refusedByProxy(error);
    if (refused) return refused;
    return error instanceof SyntaxError
      ? malformed(error)
      : new ModelError(
          'model_unavailable',
          'The model provider cannot be reached or broke the connection. Check model.base_url, or try again later.',
          soon,
          options,
        );
  }
  switch (status) {
    case 401:
    case 403:
      return new ModelError(
        'model_unauthorized',
        `The model provider refused the API key (${status}). Set a valid model.api_key for this agent.`,
        never,
        options,
      );
    case 404:
      return new ModelError(
        'model_not_found',
        'The model provider does not know this model (404). Check model.name and model.base_url.',
        never,
        options,
      );
    case 408:
      return new ModelError(
        'model_timeout',
        'The model provider took too long (408). Try again later.',
        soon,
        options,
      );
    case 429:
      return new ModelError(
        'model_rate_limited',
        code === 'insufficient_quota'
          ? 'The account at the model provider has no credit left (429). Add credit or set another model.api_key.'
          : 'The model provider is limiting requests (429). Wait a little, or raise the limit there.',
        { helps: code !== 'insufficient_quota', after_ms: retryAfter(error as ProviderError) },
        options,
      );
  }
  if (status >= 500 || status === 409 || status === 425) {
    return new ModelError(
      'model_unavailable',
      `The model provider has a problem of its own (${status}). Try again later.`,
      { helps: true, after_ms: retryAfter(error as ProviderError) },
      options,
    );
  }
  return new ModelError(
    'model_bad_request',
    `The model provider refused the request (${status}). Check model.name, temperature and max_tokens.`,
    never,
    options,
  );
}

/** The client wraps what its fetch rejects with. */
function refusedByProxy(error: Error): ModelError | null {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    // By its name: the class itself would load what runners without a proxy do not need.
    if (cause.name === 'GuardedHttpError' && (cause as GuardedHttpError).code === 'address_refused')
      return new ModelError('model_unavailable', `The model cannot be asked. ${cause.message}`, never, {
        cause: error,
      });
  }
  return null;
}

/** Milliseconds the provider asks to wait (RFC 9110, Retry-After: seconds or a date). */
function retryAfter({ headers }: ProviderError): number {
  const value = headers?.get?.('retry-after')?.trim();
  if (!value) return 0;
  const seconds = Number(value);
  const ms = Number.isNaN(seconds) ? Date.parse(value) - Date.now() : seconds * 1_000;
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
}
