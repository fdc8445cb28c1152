import { GuardedHttpError } from './guarded-http.error';

/** What comes out of decompression, counted, so that a small answer cannot become a large one. */
export async function* bounded(
  body: AsyncIterable<Uint8Array> | null,
  bytes_max: number,
): AsyncGenerator<Uint8Array, void> {
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > bytes_max) {
      const message = `The answer has more than ${bytes_max} bytes: ask for less, or raise the limit.`;
      throw new GuardedHttpError('response_too_large', message);
    }
    yield chunk;
  }
}

export async function readBody(body: AsyncIterable<Uint8Array> | null, bytes_max: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bounded(body, bytes_max)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
