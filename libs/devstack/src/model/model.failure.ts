import type { Fixture, FixtureOpts } from '@copilotkit/aimock';

/** Makes the response to one request. */
export type ResponseFactory = Extract<Fixture['response'], (...request: never[]) => unknown>;

/** How a model provider lets its caller down. */
export type ModelFailure =
  /** 401, the key is refused. */
  | { kind: 'unauthorized' }
  /** 429 with Retry-After in seconds. */
  | { kind: 'rate_limited'; retryAfterSeconds: number }
  /** 500, or another status from 500. */
  | { kind: 'server_error'; status?: number }
  /** The stream begins, and its connection breaks after so many tokens of the reply. */
  | { kind: 'cut'; afterTokens: number }
  /** 200 with a body that is no event stream and no JSON. */
  | { kind: 'malformed' }
  /** No answer until the stub is reset or stopped. */
  | { kind: 'hang' };

export interface FailingResponse {
  response: ResponseFactory;
  options: FixtureOpts;
}

/** `usual` is what the stub would answer, for failures that begin well; `released` ends a hang. */
export function failingResponse(
  failure: ModelFailure,
  usual: ResponseFactory,
  released: Promise<void>,
): FailingResponse {
  switch (failure.kind) {
    case 'unauthorized':
      return answer(401, 'Incorrect API key provided.', 'invalid_request_error', 'invalid_api_key');
    case 'rate_limited':
      return answer(429, 'Rate limit reached.', 'rate_limit_error', 'rate_limit_exceeded', {
        retryAfter: failure.retryAfterSeconds,
      });
    case 'server_error':
      return answer(failure.status ?? 500, 'The server had an error.', 'server_error', 'server_error');
    case 'cut':
      return {
        response: usual,
        options: {
          // The first chunk carries the role and no text; the last one before the cut is lost on its way, and the
          // others need the pause to get out.
          truncateAfterChunks: failure.afterTokens + 2,
          latency: 10,
          streamingProfile: { ttft: 10, tps: 100 },
        },
      };
    case 'malformed':
      return { response: usual, options: { chaos: { malformedRate: 1 } } };
    case 'hang':
      return {
        response: async (request) => {
          await released;
          return usual(request);
        },
        options: {},
      };
  }
}

function answer(
  status: number,
  message: string,
  type: string,
  code: string,
  more: { retryAfter?: number } = {},
): FailingResponse {
  return { response: () => ({ status, error: { message, type, code }, ...more }), options: {} };
}
