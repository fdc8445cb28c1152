import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { proxiedFetch } from './proxied.fetch';
import { certificate } from './test/certificate';
import { forwardProxy, type Routes } from './test/proxy';
import { client, get, listen, ok, redirect } from './test/servers';

async function proxied(routes: Routes, allowed_hosts: string[] = []) {
  const proxy = await forwardProxy(routes);
  // A name that is resolved here would be one that the proxy does not judge.
  const resolve = (): never => {
    throw new Error('a name was resolved beside the proxy');
  };
  return { proxy, guarded: client({ allowed_hosts, proxy: proxy.uri, resolve }) };
}

describe('a guarded client behind a proxy', () => {
  it('sends plain requests to it whole, and leaves names to it', async () => {
    const { port, seen } = await listen(ok);
    const { proxy, guarded } = await proxied({ 'shop.example': { port } });

    const request = get('http://shop.example/a?b=1', {
      method: 'POST',
      headers: { 'x-key': 'k' },
      body: '{}',
    });
    const answer = await guarded.request(request);

    expect([answer.status, answer.body.toString(), answer.url]).toEqual([
      200,
      'hello',
      'http://shop.example/a?b=1',
    ]);
    expect(proxy.asked).toEqual(['POST http://shop.example/a?b=1']);
    expect(seen).toMatchObject([
      { method: 'POST', url: '/a?b=1', body: '{}', headers: { 'x-key': 'k', host: 'shop.example' } },
    ]);
  });

  it('speaks TLS through a tunnel, end to end', async () => {
    // The certificate signs itself; whether it is trusted is not what is tested here.
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    onTestFinished(() => void vi.unstubAllEnvs());
    const { port, seen } = await listen(ok, { tls: certificate });
    const { proxy, guarded } = await proxied({ 'shop.example': { port } });

    const answer = await guarded.request(get('https://shop.example/a', { headers: { 'x-key': 'k' } }));

    expect(answer.body.toString()).toBe('hello');
    expect(proxy.asked).toEqual(['CONNECT shop.example:443']);
    expect(seen).toMatchObject([{ url: '/a', headers: { 'x-key': 'k', host: 'shop.example' } }]);
  });

  it('trusts no certificate for the tunnel it came through', async () => {
    const { port, seen } = await listen(ok, { tls: certificate });
    const { guarded } = await proxied({ 'shop.example': { port } });

    await expect(guarded.request(get('https://shop.example/'))).rejects.toMatchObject({
      code: 'connection_failed',
    });
    expect(seen).toEqual([]);
  });

  it.each(['http', 'https'])('names what the proxy refuses as a refused address, over %s', async (scheme) => {
    const { guarded } = await proxied({ 'rebind.example': 403 });

    await expect(guarded.request(get(`${scheme}://rebind.example/`))).rejects.toMatchObject({
      name: 'GuardedHttpError',
      code: 'address_refused',
      message: expect.stringMatching(/^The egress proxy refused rebind\.example: .*let the operator allow/),
    });
  });

  it('takes a 403 of a server for an answer', async () => {
    const { port } = await listen((_request, response) => response.writeHead(403).end('not you'));
    const { guarded } = await proxied({ 'shop.example': { port } });

    expect((await guarded.request(get('http://shop.example/'))).status).toBe(403);
  });

  it.each([
    ['http', 503, 'host_not_found'],
    ['https', 503, 'host_not_found'],
    ['http', 504, 'connection_failed'],
    ['https', 504, 'connection_failed'],
  ])('tells why it could not get there: over %s, %i is %s', async (scheme, status, code) => {
    const { guarded } = await proxied({ 'away.example': status });

    await expect(guarded.request(get(`${scheme}://away.example/`))).rejects.toMatchObject({
      code,
      message: expect.stringContaining('away.example'),
    });
  });

  it.each(['http', 'https'])('gives up a proxy that breaks the connection off, over %s', async (scheme) => {
    const { guarded } = await proxied({ 'shop.example': 'breaks off' });

    await expect(guarded.request(get(`${scheme}://shop.example/`))).rejects.toMatchObject({
      code: 'connection_failed',
    });
  });

  it('says so where the proxy itself does not answer', async () => {
    const guarded = client({ proxy: 'http://127.0.0.1:1' });

    await expect(guarded.request(get('http://shop.example/'))).rejects.toMatchObject({
      code: 'connection_failed',
    });
  });

  it.each([
    ['http://127.0.0.1/', 'address_refused'],
    ['http://2130706433/', 'address_refused'],
    ['http://0177.0.0.1/', 'address_refused'],
    ['https://169.254.169.254/', 'address_refused'],
    ['http://[::ffff:10.0.0.1]/', 'address_refused'],
    ['http://8.8.8.8:22/', 'port_refused'],
    ['https://shop.example:22/', 'port_refused'],
    ['http://user:secret@shop.example/', 'url_refused'],
  ])('refuses %s itself: it asks neither the proxy nor DNS', async (url, code) => {
    const { proxy, guarded } = await proxied({});

    await expect(guarded.request(get(url))).rejects.toMatchObject({ code });
    expect(proxy.asked).toEqual([]);
  });

  it.each([
    ['http://shop.example:8080/', 'shop.example:8080', true],
    ['http://shop.example:8081/', 'shop.example:8080', false],
    // Whether the name is in the range is for the proxy to see.
    ['http://shop.example:8080/', '10.1.0.0/16:8080', true],
    ['http://10.1.2.3:8080/', '10.1.0.0/16:8080', true],
    ['http://10.2.2.3:8080/', '10.1.0.0/16:8080', false],
  ])('asks the proxy for %s where %s is allowed: %s', async (url, allowed, passes) => {
    const { port } = await listen(ok);
    const { host } = new URL(url);
    const { proxy, guarded } = await proxied({ [host.replace(/:\d+$/, '')]: { port } }, [allowed]);

    const answer = guarded.request(get(url));

    if (passes) expect((await answer).status).toBe(200);
    else await expect(answer).rejects.toMatchObject({ code: expect.stringContaining('_refused') });
    expect(proxy.asked).toHaveLength(passes ? 1 : 0);
  });

  it.each([
    ['http://169.254.169.254/latest', 'address_refused', 1],
    ['http://shop.example:22/', 'port_refused', 1],
    ['http://private.example/', 'address_refused', 2],
  ])('checks a redirect to %s as it checks the first request', async (location, code, asked) => {
    const { port } = await listen(redirect(location));
    const { proxy, guarded } = await proxied({ 'shop.example': { port }, 'private.example': 403 });

    await expect(guarded.request(get('http://shop.example/'))).rejects.toMatchObject({ code });
    expect(proxy.asked).toHaveLength(asked);
  });

  it('passes a body on while it comes', async () => {
    const { port } = await listen((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: one\n\n');
    });
    const { guarded } = await proxied({ 'shop.example': { port } });
    const stop = new AbortController();

    const fetched = guarded.fetchWithin({ deadline_ms: 5_000, response_bytes_max: 1_000 });
    const response = await fetched('http://shop.example/', { signal: stop.signal });
    const first = await response.body?.getReader().read();

    expect(new TextDecoder().decode(first?.value as Uint8Array)).toBe('data: one\n\n');
    stop.abort();
  });
});

describe('a fetch through the proxy', () => {
  it('goes wherever the proxy lets it, and streams', async () => {
    const { port, seen } = await listen(ok);
    const proxy = await forwardProxy({ 'model.internal': { port } });

    const response = await proxiedFetch(proxy.uri)('http://model.internal:11434/v1', {
      method: 'POST',
      headers: { authorization: 'Bearer k' },
      body: '{}',
    });

    expect(await response.text()).toBe('hello');
    expect(proxy.asked).toEqual(['POST http://model.internal:11434/v1']);
    expect(seen).toMatchObject([{ headers: { authorization: 'Bearer k' }, body: '{}' }]);
  });

  it.each(['http', 'https'])('rejects with what the proxy refuses over %s', async (scheme) => {
    const proxy = await forwardProxy({});

    await expect(proxiedFetch(proxy.uri)(`${scheme}://private.example/`)).rejects.toMatchObject({
      name: 'GuardedHttpError',
      code: 'address_refused',
    });
  });

  it('reaches the loopback interface without it', async () => {
    const { origin } = await listen(ok);
    const proxy = await forwardProxy({});

    expect((await proxiedFetch(proxy.uri)(origin)).status).toBe(200);
    expect(proxy.asked).toEqual([]);
  });
});
