import type { OpenAPIObject } from '@nestjs/swagger';
import { WebSocket } from 'ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openApiDocument } from '../openapi/document';
import { ManagerHarness } from '../test/manager.harness';

describe('access', () => {
  let manager: ManagerHarness;
  let document: OpenAPIObject;
  beforeAll(async () => {
    manager = await ManagerHarness.start();
    document = openApiDocument(manager.manager.app);
  });
  afterAll(() => manager.stop());

  const routes = (): [method: string, path: string][] =>
    Object.entries(document.paths)
      .filter(([path]) => !/^\/(livez|readyz)$/.test(path))
      .flatMap(([path, methods]) =>
        Object.keys(methods).map((method): [string, string] => [
          method.toUpperCase(),
          path.replace(/\{\w+\}/g, '1'),
        ]),
      );

  const keyWith = async (...scopes: string[]): Promise<string> =>
    (await manager.call('POST', '/api-keys', { name: 'test', scopes })).body.key as string;
  const as = (key: string) => ({ authorization: `Bearer ${key}` });

  it('is refused on every route without a credential, with an unknown one, and with one in the query', async () => {
    expect(routes().length).toBeGreaterThan(20);
    for (const [method, path] of routes()) {
      const none = await fetch(`http://127.0.0.1:${manager.manager.public_port}${path}`, { method });
      expect([none.status, ((await none.json()) as { code: string }).code], `${method} ${path}`).toEqual([
        401,
        'unauthorized',
      ]);
      expect(
        (await manager.call(method, path, undefined, as(`roost_${'x'.repeat(43)}`))).status,
        `${method} ${path}`,
      ).toBe(401);
      expect((await manager.call(method, `${path}?api_key=${manager.key}`)).body).toMatchObject({
        code: 'credential_in_query',
      });
    }
  });

  it('is refused to a runner instance on every public route but its own configuration', async () => {
    const id = await manager.agent();
    await manager.call('POST', `/agents/${id}/start`);
    const runner = await manager.runner(id);
    for (const [method, path] of routes().filter(([, path]) => !path.endsWith('/config'))) {
      expect(
        (await manager.call(method, path, undefined, as(runner.identity.token))).status,
        `${method} ${path}`,
      ).toBe(403);
    }
    const other = await manager.agent();
    expect(
      (await manager.call('GET', `/agents/${other}/config`, undefined, as(runner.identity.token))).status,
    ).toBe(403);
    const own = await manager.call('GET', `/agents/${id}/config`, undefined, as(runner.identity.token));
    expect(own.body).toMatchObject({ agent_id: id, version: 1, configuration: { name: 'Test agent' } });

    await manager.call('POST', `/agents/${id}/stop?force=true`);
    await manager.untilState(id, 'stopped');
    expect(
      (await manager.call('GET', `/agents/${id}/config`, undefined, as(runner.identity.token))).status,
    ).toBe(401);
    runner.close();
  });

  it('has no internal route on the public port, and no public one on the internal port', async () => {
    expect((await manager.call('POST', '/internal/instances/exchange', {})).body).toMatchObject({
      code: 'not_found',
    });
    expect(
      (await manager.call('GET', '/agents', undefined, {}, manager.manager.internal_port)).body,
    ).toMatchObject({ code: 'not_found' });
    const socket = new WebSocket(`ws://127.0.0.1:${manager.manager.internal_port}/ws/agents/agent_x_aaaa`);
    await expect(
      new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject)),
    ).rejects.toThrow();
  });

  it('follows the scopes of a key', async () => {
    const reader = await keyWith('agents:read');
    expect((await manager.call('GET', '/agents', undefined, as(reader))).status).toBe(200);
    expect(
      (await manager.call('POST', '/agents', { name: 'x', model: { name: 'm' } }, as(reader))).body,
    ).toMatchObject({ code: 'forbidden' });
    expect((await manager.call('GET', '/api-keys', undefined, as(reader))).status).toBe(403);
    expect((await manager.call('POST', '/api-keys', { name: 'x', scopes: ['root'] })).body).toMatchObject({
      code: 'validation_failed',
    });
    expect((await manager.call('POST', '/api-keys', { name: 'x', scopes: [] })).body).toMatchObject({
      code: 'validation_failed',
    });
  });

  it('ends with the revocation of a key, whose secret is shown once and stored nowhere', async () => {
    const made = (await manager.call('POST', '/api-keys', { name: 'short-lived', scopes: ['agents:read'] }))
      .body;
    const listed = (await manager.call('GET', '/api-keys')).body.items.find(
      ({ id }: { id: string }) => id === made.id,
    );
    expect(listed).toMatchObject({ name: 'short-lived', prefix: made.key.slice(0, 12), revoked_at: null });
    expect(listed.key).toBeUndefined();
    const stored = await manager.database.query<object[]>('SELECT row_to_json(k) FROM api_keys k');
    expect(JSON.stringify(stored)).not.toContain(made.key);

    expect((await manager.call('GET', '/agents', undefined, as(made.key))).status).toBe(200);
    expect((await manager.call('DELETE', `/api-keys/${made.id}`)).status).toBe(204);
    expect((await manager.call('DELETE', `/api-keys/${made.id}`)).status).toBe(204);
    expect((await manager.call('GET', '/agents', undefined, as(made.key))).status).toBe(401);
    expect((await manager.call('DELETE', '/api-keys/key_none')).body).toMatchObject({
      code: 'api_key_not_found',
    });
  });

  it('does not keep the secret of a new key in the record of its Idempotency-Key', async () => {
    const made = (
      await manager.call(
        'POST',
        '/api-keys',
        { name: 'x', scopes: ['agents:read'] },
        { 'idempotency-key': 'secret' },
      )
    ).body;
    const again = (
      await manager.call(
        'POST',
        '/api-keys',
        { name: 'x', scopes: ['agents:read'] },
        { 'idempotency-key': 'secret' },
      )
    ).body;
    expect(again).toEqual(made);
    expect(
      JSON.stringify(await manager.database.query<object[]>('SELECT row_to_json(k) FROM idempotency_keys k')),
    ).not.toContain(made.key);
  });

  it('by chat token reaches one agent and the threads of one user', async () => {
    const [own, other] = [await manager.agent(), await manager.agent()];
    const token = async (agent_id: string, user_id: string): Promise<string> =>
      (await manager.call('POST', `/agents/${agent_id}/chat-tokens`, { user_id })).body.token as string;
    const ada = await token(own, 'ada');
    const said = await manager.call(
      'POST',
      `/agents/${own}/messages`,
      { content: 'hi', user_data: { is_authenticated: true } },
      as(ada),
    );
    expect(said.status).toBe(202);
    expect(
      (await manager.call('GET', `/threads/${said.body.thread_id}/messages`, undefined, as(ada))).body.items,
    ).toHaveLength(1);

    expect((await manager.call('POST', `/agents/${other}/messages`, { content: 'hi' }, as(ada))).status).toBe(
      401,
    );
    expect(
      (await manager.call('GET', `/threads/${said.body.thread_id}`, undefined, as(await token(own, 'bob'))))
        .status,
    ).toBe(404);
    expect((await manager.call('GET', '/agents', undefined, as(ada))).status).toBe(403);
    const [stored] = await manager.database.query<{ user_id: string; user_data: object; claimed: object }[]>(
      'SELECT * FROM messages WHERE id = $1',
      [said.body.message_id],
    );
    expect(stored).toMatchObject({
      user_id: 'ada',
      user_data: {},
      claimed: { user_data: { is_authenticated: true } },
    });
  });
});
