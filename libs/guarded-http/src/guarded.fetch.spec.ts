import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import type { GuardedHttpError } from './guarded-http.error';
import { client, listen, ok, redirect } from './test/servers';

const limits = { deadline_ms: 5_000, response_bytes_max: 1_000 };

describe('a fetch for libraries', () => {
  it('reads a body while it comes', async () => {
    const server = await listen((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: one\n\n');
    });
    const fetch = client({ allowed_hosts: [`127.0.0.1:${server.port}`] }).fetchWithin(limits);
    const stop = new AbortController();
    const response = await fetch(server.origin, {
      method: 'POST',
      headers: new Headers({ 'x-key': 'one' }),
      body: '{}',
      signal: stop.signal,
    });
    const first = await response.body?.getReader().read();
    expect(new TextDecoder().decode(first?.value as Uint8Array)).toBe('data: one\n\n');
    expect(server.seen).toMatchObject([{ method: 'POST', headers: { 'x-key': 'one' }, body: '{}' }]);
    stop.abort();
  });

  it('reaches what the guarded client reaches, and nothing else', async () => {
    const server = await listen(ok);
    const fetch = client().fetchWithin(limits);
    await expect(fetch(server.origin)).rejects.toMatchObject({ code: 'port_refused' });
    await expect(fetch('http://127.0.0.1/')).rejects.toMatchObject({ code: 'address_refused' });
    await expect(fetch('file:///etc/passwd')).rejects.toMatchObject({ code: 'url_refused' });
    expect(server.seen).toEqual([]);
  });

  it('hands redirects back instead of following them', async () => {
    const server = await listen(redirect('http://169.254.169.254/'));
    const fetch = client({ allowed_hosts: [`127.0.0.1:${server.port}`] }).fetchWithin(limits);
    const response = await fetch(server.origin);
    expect([response.status, response.headers.get('location')]).toEqual([302, 'http://169.254.169.254/']);
  });

  it('ends a body that is too long, and tells why', async () => {
    const server = await listen((_request, response) => response.end('x'.repeat(2_000)));
    const onFailure = vi.fn<(failure: GuardedHttpError) => void>();
    const guarded = client({ allowed_hosts: [`127.0.0.1:${server.port}`] });
    const response = await guarded.fetchWithin({ ...limits, onFailure })(server.origin);
    await expect(response.text()).rejects.toThrow('more than 1000 bytes');
    expect(onFailure).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ code: 'response_too_large' }),
    );
  });

  it('ends with its deadline in the middle of a body, whenever that began', async () => {
    const server = await listen((_request, response) => void response.write('x'));
    const guarded = client({ allowed_hosts: [`127.0.0.1:${server.port}`] });
    const response = await guarded.fetchWithin({ ...limits, deadline_ms: 200 })(server.origin);
    await expect(Promise.race([response.text(), pause(4_000)])).rejects.toThrow('within 0.2 seconds');
  });
});
