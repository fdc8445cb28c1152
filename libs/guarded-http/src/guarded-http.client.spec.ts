import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { GuardedHttpClient, type GuardedHttpOptions, type GuardedRequest } from './guarded-http.client';
import type { ResolveAll } from './guarded.connector';

const servers: Server[] = [];
const clients: GuardedHttpClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});

interface Seen {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingMessage['headers'];
  body: string;
}

async function listen(answer: RequestListener, address = '127.0.0.1', atPort = 0) {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      seen.push({ method: request.method, url: request.url, headers: request.headers, body });
      answer(request, response);
    });
  });
  servers.push(server);
  server.listen(atPort, address);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { port, seen, origin: `http://${address}:${port}` };
}

const ok: RequestListener = (_request, response) => response.end('hello');
const redirect =
  (location: string, status = 302): RequestListener =>
  (_request, response) =>
    response.writeHead(status, { location }).end();

function client(options: GuardedHttpOptions = {}): GuardedHttpClient {
  const made = new GuardedHttpClient(options);
  clients.push(made);
  return made;
}

const get = (url: string, changes: Partial<GuardedRequest> = {}): GuardedRequest => ({
  url,
  method: 'GET',
  deadline_ms: 5_000,
  response_bytes_max: 1_000,
  ...changes,
});

/** Answers every name with these addresses, in turn; the last one stays. */
function resolvesTo(...answers: string[][]): ResolveAll & { calls: number } {
  const resolve = Object.assign(
    ((_host, _options, done) => {
      const addresses = answers[Math.min(resolve.calls, answers.length - 1)] ?? [];
      resolve.calls += 1;
      done(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
    }) as ResolveAll,
    { calls: 0 },
  );
  return resolve;
}

describe('an allowed host', () => {
  it('is asked, and any status is an answer', async () => {
    const { origin, port, seen } = await listen((_request, response) => {
      response.writeHead(404, { 'x-kind': 'none' }).end('no such order');
    });
    const answer = await client({ allowed_hosts: [`127.0.0.1:${port}`] }).request(
      get(`${origin}/orders?id=1`, { method: 'POST', headers: { 'x-key': 'k' }, body: '{"a":1}' }),
    );
    expect(answer).toMatchObject({ status: 404, headers: { 'x-kind': 'none' } });
    expect(answer.body.toString()).toBe('no such order');
    expect(seen).toMatchObject([
      { method: 'POST', url: '/orders?id=1', headers: { 'x-key': 'k' }, body: '{"a":1}' },
    ]);
  });

  it('is found by its name', async () => {
    const { port } = await listen(ok);
    const guarded = client({ allowed_hosts: [`shop.internal:${port}`], resolve: resolvesTo(['127.0.0.1']) });
    expect((await guarded.request(get(`http://SHOP.internal:${port}/`))).status).toBe(200);
  });
});

describe('a host that is not allowed', () => {
  it.each([
    'http://127.0.0.1/',
    'http://127.1/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0177.0.0.1/',
    'http://0/',
    'http://10.0.0.1/',
    'http://169.254.169.254/latest/meta-data/',
    'http://100.64.0.1/',
    'http://224.0.0.1/',
    'http://[::1]/',
    'http://[::]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://[64:ff9b::7f00:1]/',
    'http://[2002:7f00:1::]/',
    'http://[fd00::1]/',
    'http://①②⑦.⓪.⓪.①/',
    'https://localhost/',
  ])('is refused by its address: %s', async (url) => {
    await expect(client().request(get(url))).rejects.toMatchObject({
      code: 'address_refused',
      message: expect.stringContaining('let the operator allow'),
    });
  });

  it.each([
    ['a private one', ['10.0.0.1']],
    ['a private one behind a public one', ['8.8.8.8', '10.0.0.1']],
    ['a mapped one', ['::ffff:127.0.0.1']],
  ])('is refused when its name has %s', async (_what, addresses) => {
    const guarded = client({ resolve: resolvesTo(addresses) });
    await expect(guarded.request(get('http://attacker.example/'))).rejects.toMatchObject({
      code: 'address_refused',
    });
  });

  it('is refused at an odd port, public or not, before anything is sent', async () => {
    const { port, seen } = await listen(ok);
    await expect(client().request(get(`http://127.0.0.1:${port}/`))).rejects.toMatchObject({
      code: 'port_refused',
    });
    const named = client({ resolve: resolvesTo(['8.8.8.8']) });
    await expect(named.request(get('http://public.example:22222/'))).rejects.toMatchObject({
      code: 'port_refused',
    });
    expect(seen).toEqual([]);
  });

  it('cannot rebind: what was checked is connected to, and a new connection is checked anew', async () => {
    const { port, seen } = await listen((_request, response) =>
      response.writeHead(200, { connection: 'close' }).end('public'),
    );
    const inner = await listen(ok, '127.0.0.2', port);
    const resolve = resolvesTo(['127.0.0.1'], ['127.0.0.2']);
    const guarded = client({ allowed_hosts: [`127.0.0.1:${port}`], resolve });
    const answer = await guarded.request(get(`http://rebind.example:${port}/`));
    expect(answer.body.toString()).toBe('public');
    expect(resolve.calls).toBe(1);
    await expect(guarded.request(get(`http://rebind.example:${port}/`))).rejects.toMatchObject({
      code: 'port_refused',
    });
    expect(seen).toHaveLength(1);
    expect(inner.seen).toEqual([]);
  });

  it('is named when it has no address', async () => {
    await expect(
      client({ resolve: resolvesTo([]) }).request(get('http://nowhere.example/')),
    ).rejects.toMatchObject({
      code: 'host_not_found',
    });
  });

  it.each([
    ['ftp://example.com/', 'url_refused'],
    ['file:///etc/passwd', 'url_refused'],
    ['http://user:secret@example.com/', 'url_refused'],
    ['nonsense', 'url_refused'],
  ])('is refused by its URL: %s', async (url, code) => {
    await expect(client().request(get(url))).rejects.toMatchObject({ code });
  });
});

describe('a redirect', () => {
  it('is followed on the same origin with method, body and headers where the status says so', async () => {
    const { origin, port, seen } = await listen((request, response) => {
      if (request.url === '/307') return redirect('/there', 307)(request, response);
      if (request.url === '/302') return redirect('/there')(request, response);
      response.end('there');
    });
    const guarded = client({ allowed_hosts: [`127.0.0.1:${port}`] });
    const request = {
      method: 'POST',
      body: 'x',
      headers: { authorization: 'Bearer s', 'content-type': 'a/b' },
    };
    expect(await guarded.request(get(`${origin}/307`, request))).toMatchObject({ url: `${origin}/there` });
    await guarded.request(get(`${origin}/302`, request));
    const [, kept, , changed] = seen;
    expect(kept).toMatchObject({ method: 'POST', body: 'x', headers: { authorization: 'Bearer s' } });
    expect(changed).toMatchObject({ method: 'GET', body: '', headers: { authorization: 'Bearer s' } });
    expect(changed?.headers).not.toHaveProperty('content-type');
  });

  it('takes no credential to another host, whatever its name', async () => {
    const there = await listen(ok);
    const { origin, port } = await listen(redirect(`${there.origin}/stolen`));
    const headers = {
      authorization: 'Bearer s',
      cookie: 'c=s',
      'X-Api-Key': 's',
      'idempotency-key': 'k',
      accept: 'text/plain',
    };
    await client({ allowed_hosts: [`127.0.0.1:${port}`, `127.0.0.1:${there.port}`] }).request(
      get(origin, { headers }),
    );
    const [arrived] = there.seen;
    expect(arrived?.headers).toMatchObject({ accept: 'text/plain' });
    for (const name of ['authorization', 'cookie', 'x-api-key', 'idempotency-key']) {
      expect(arrived?.headers).not.toHaveProperty(name);
    }
  });

  it('takes no body to another host', async () => {
    const there = await listen(ok);
    const { origin, port } = await listen(redirect(there.origin, 307));
    const guarded = client({ allowed_hosts: [`127.0.0.1:${port}`, `127.0.0.1:${there.port}`] });
    await expect(guarded.request(get(origin, { method: 'POST', body: 'x' }))).rejects.toMatchObject({
      code: 'redirect_refused',
    });
    expect(there.seen).toEqual([]);
  });

  it.each([
    ['http://169.254.169.254/latest', 'address_refused'],
    ['http://127.0.0.1/', 'address_refused'],
    ['http://127.0.0.1:22222/', 'port_refused'],
    ['file:///etc/passwd', 'url_refused'],
    ['http://user:pass@8.8.8.8/', 'url_refused'],
    ['http://[', 'redirect_refused'],
  ])('into %s is refused as the first request would be', async (location, code) => {
    const { origin, port } = await listen(redirect(location));
    await expect(client({ allowed_hosts: [`127.0.0.1:${port}`] }).request(get(origin))).rejects.toMatchObject(
      { code },
    );
  });

  it('is followed five times and no more', async () => {
    const { origin, port, seen } = await listen(redirect('/again'));
    await expect(client({ allowed_hosts: [`127.0.0.1:${port}`] }).request(get(origin))).rejects.toMatchObject(
      { code: 'redirect_refused' },
    );
    expect(seen).toHaveLength(6);
  });
});

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
