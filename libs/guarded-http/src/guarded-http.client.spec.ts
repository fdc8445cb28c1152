import { describe, expect, it } from 'vitest';
import type { ResolveAll } from './guarded.connector';
import { client, get, listen, ok, redirect } from './test/servers';

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
    const inner = await listen(ok, { address: '127.0.0.2', port });
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
