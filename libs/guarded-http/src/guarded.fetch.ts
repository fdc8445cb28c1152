import { GuardedHttpError } from './guarded-http.error';
import { bounded } from './response.body';

/** What a `fetch` that libraries are given keeps to. */
export interface GuardedFetchLimits {
  /** Milliseconds from now, for all that is fetched with it. */
  deadline_ms: number;
  /** Bytes each body may have once it is decompressed. */
  response_bytes_max: number;
  /** Told why a request was refused or broke, also in the middle of a body: some libraries keep that to themselves. */
  onFailure?: (error: GuardedHttpError) => void;
}

/** The part of `fetch` that libraries use to speak a protocol of their own. */
export type GuardedFetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

/** Statuses that the standard's `Response` takes no body with. */
const EMPTY: readonly number[] = [101, 204, 205, 304];

/** A response whose body is read while it comes, within the limit. */
export function streamedResponse(
  {
    status,
    statusText,
    headers,
  }: Pick<Response, 'status' | 'statusText'> & { headers: Iterable<[string, string]> },
  body: AsyncIterable<Uint8Array> | null,
  bytes_max: number,
  failed: (error: unknown) => unknown,
): Response {
  async function* read(): AsyncGenerator<Uint8Array, void> {
    try {
      yield* bounded(body, bytes_max);
    } catch (error) {
      throw failed(error);
    }
  }
  const init = { status, statusText, headers: [...headers] };
  return new Response(EMPTY.includes(status) ? null : ReadableStream.from(read()), init);
}
