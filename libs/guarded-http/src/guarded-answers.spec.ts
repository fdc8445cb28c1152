import type { RequestListener } from 'node:http';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { GuardedRequest } from './guarded-http.client';
import { client, get, listen } from './test/servers';

describe('an answer', () => {
  const answerOf = async (answer: RequestListener, changes: Partial<GuardedRequest> = {}) => {
    const { origin, port } = await listen(answer);
    return client({ allowed_hosts: [`127.0.0.1:${port}`] }).request(get(origin, changes));
  };

  it('is decompressed', async () => {
    const { body } = await answerOf((_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('packed')),
    );
    expect(body.toString()).toBe('packed');
  });

  it('without an end is cut off at its limit', async () => {
    const endless: RequestListener = (_request, response) => {
      const more = (): void => {
        while (response.write('x'.repeat(10_000)));
        response.once('drain', more);
      };
      more();
    };
    await expect(answerOf(endless)).rejects.toMatchObject({ code: 'response_too_large' });
  });

  it('that unpacks to more than its limit is cut off there', async () => {
    const bomb = gzipSync(Buffer.alloc(20_000_000));
    await expect(
      answerOf((_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb), {
        response_bytes_max: 100_000,
      }),
    ).rejects.toMatchObject({ code: 'response_too_large' });
  });

  it.each<[string, RequestListener]>([
    ['that does not begin', () => undefined],
    ['that does not end', (_request, response) => response.write('beginning')],
  ])('%s is given up at the deadline', async (_what, answer) => {
    await expect(answerOf(answer, { deadline_ms: 200 })).rejects.toMatchObject({ code: 'timed_out' });
  });

  it('that breaks off is a failed connection', async () => {
    await expect(answerOf((_request, response) => response.destroy())).rejects.toMatchObject({
      code: 'connection_failed',
    });
  });

  it('that nobody waits for any more is dropped with the reason of the signal', async () => {
    const given_up = new Error('stop');
    const stop = new AbortController();
    await expect(answerOf(() => stop.abort(given_up), { signal: stop.signal })).rejects.toBe(given_up);
  });
});
