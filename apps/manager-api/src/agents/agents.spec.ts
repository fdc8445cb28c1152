import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ManagerHarness } from '../test/manager.harness';

describe('agents over REST', () => {
  let manager: ManagerHarness;
  beforeAll(async () => {
    manager = await ManagerHarness.start();
  });
  afterAll(() => manager.stop());

  it('are created with defaults, and read as they were written', async () => {
    const { status, body, headers } = await manager.call('POST', '/agents', {
      name: 'Opening hours',
      model: { name: 'a-model' },
      memory: { depth: 5 },
    });
    expect(status).toBe(201);
    expect(headers.get('etag')).toBe('"1"');
    expect(body).toMatchObject({
      name: 'Opening hours',
      enabled: true,
      model: { provider: 'openai', name: 'a-model', base_url: null, temperature: 0.7, max_tokens: null },
      memory: { enabled: true, depth: 5 },
      limits: { memory_mb: 512, cpus: 1, pids: 128 },
      access: { chat: 'private' },
      tools: [],
      integrations: [],
      version: 1,
      status: { state: 'stopped', generation: 0 },
    });
    expect(body.id).toMatch(/^agent_opening_hours_[a-z0-9]{4}$/);
    expect((await manager.call('GET', `/agents/${body.id}`)).body).toEqual(body);
  });

  it.each([
    ['without a name', { model: { name: 'm' } }, 'name'],
    ['without a model', { name: 'x' }, 'model'],
    ['with an unknown property', { name: 'x', model: { name: 'm' }, image: 'evil' }, 'image'],
    ['with a status of its own', { name: 'x', model: { name: 'm' }, status: 'running' }, 'status'],
    ['with an unknown property inside', { name: 'x', model: { name: 'm', n: 2 } }, 'model.n'],
    [
      'with a temperature out of range',
      { name: 'x', model: { name: 'm', temperature: 3 } },
      'model.temperature',
    ],
    ['with a number as text', { name: 'x', model: { name: 'm' }, memory: { depth: '5' } }, 'memory.depth'],
    [
      'with a tool of an unknown type',
      { name: 'x', model: { name: 'm' }, tools: [{ type: 'shell' }] },
      'tools.0.type',
    ],
    [
      'with an integration of an unknown type',
      { name: 'x', model: { name: 'm' }, integrations: [{ type: 'icq' }] },
      'integrations.0.type',
    ],
    [
      'with too little memory',
      { name: 'x', model: { name: 'm' }, limits: { memory_mb: 1 } },
      'limits.memory_mb',
    ],
    ['with a name of spaces', { name: '   ', model: { name: 'm' } }, 'name'],
    ['whose memory is a list', { name: 'x', model: { name: 'm' }, memory: [] }, 'memory'],
  ])('are refused %s, naming the field', async (_name, body, field) => {
    const answer = await manager.call('POST', '/agents', body);
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.body).toMatchObject({
      code: 'validation_failed',
      request_id: answer.headers.get('x-request-id'),
    });
    expect(answer.body.errors.map((error: { field: string }) => error.field)).toContain(field);
  });

  it('refuse a body that is no JSON, no object, or too large', async () => {
    expect((await manager.call('POST', '/agents', '{"name":')).body).toMatchObject({
      status: 400,
      code: 'malformed_json',
    });
    expect((await manager.call('POST', '/agents', '[]')).body).toMatchObject({
      status: 400,
      code: 'validation_failed',
    });
    expect((await manager.call('POST', '/agents', '7')).body).toMatchObject({ status: 400 });
    const large = await manager.call('POST', '/agents', {
      name: 'x'.repeat(1_100_000),
      model: { name: 'm' },
    });
    expect(large.body).toMatchObject({ status: 413, code: 'payload_too_large' });
  });

  it('are changed by a merge patch that makes a version, under If-Match', async () => {
    const id = await manager.agent();
    const changed = await manager.call(
      'PATCH',
      `/agents/${id}`,
      { memory: { depth: 7 } },
      { 'if-match': '"1"' },
    );
    expect(changed.body).toMatchObject({
      version: 2,
      memory: { enabled: true, depth: 7 },
      name: 'Test agent',
    });

    const stale = await manager.call('PATCH', `/agents/${id}`, { name: 'Other' }, { 'if-match': '"1"' });
    expect(stale.body).toMatchObject({ status: 412, code: 'version_conflict' });
    expect((await manager.call('PATCH', `/agents/${id}`, { color: 'red' })).body).toMatchObject({
      status: 400,
    });
    expect((await manager.call('PATCH', `/agents/agent_none_aaaa`, { name: 'x' })).body).toMatchObject({
      code: 'agent_not_found',
    });
  });

  it('keep every version, and restoring one makes a new one', async () => {
    const id = await manager.agent({ name: 'First' });
    await manager.call('PATCH', `/agents/${id}`, { name: 'Second' });
    const restored = await manager.call('POST', `/agents/${id}/versions/1/restore`);
    expect(restored.body).toMatchObject({ version: 3, name: 'First' });

    const first = await manager.call('GET', `/agents/${id}/versions?limit=2`);
    expect(first.body.items.map((row: { version: number }) => row.version)).toEqual([3, 2]);
    const rest = await manager.call('GET', `/agents/${id}/versions?limit=2&cursor=${first.body.next_cursor}`);
    expect(rest.body).toMatchObject({ items: [{ version: 1, restored_from: null }], next_cursor: null });
    expect((await manager.call('POST', `/agents/${id}/versions/9/restore`)).body).toMatchObject({
      code: 'version_not_found',
    });
  });

  it('are listed newest first, page by page, each once', async () => {
    const made = [await manager.agent(), await manager.agent(), await manager.agent()];
    const seen: string[] = [];
    let cursor = '';
    do {
      const { body } = await manager.call('GET', `/agents?limit=2${cursor}`);
      seen.push(...body.items.map(({ id }: { id: string }) => id));
      cursor = body.next_cursor === null ? '' : `&cursor=${body.next_cursor}`;
    } while (cursor !== '');
    expect(seen.slice(0, 3)).toEqual(made.reverse());
    expect(new Set(seen).size).toBe(seen.length);
    expect((await manager.call('GET', '/agents?cursor=nonsense')).body).toMatchObject({
      code: 'invalid_cursor',
    });
  });

  it('are deleted, and deleting again is harmless', async () => {
    const id = await manager.agent();
    expect((await manager.call('DELETE', `/agents/${id}`)).status).toBe(204);
    expect((await manager.call('DELETE', `/agents/${id}`)).status).toBe(204);
    expect((await manager.call('GET', `/agents/${id}`)).body).toMatchObject({
      status: 404,
      code: 'agent_not_found',
    });
  });

  it('keep their provider key to themselves and to its base URL', async () => {
    const id = await manager.agent({
      model: { name: 'm', base_url: 'https://models.example/v1', api_key: 'sk-canary' },
    });
    const read = await manager.call('GET', `/agents/${id}`);
    expect(JSON.stringify(read.body)).not.toContain('canary');
    const stored = await manager.database.query<object[]>(
      'SELECT row_to_json(v) FROM agent_versions v WHERE agent_id = $1',
      [id],
    );
    expect(JSON.stringify(stored)).not.toContain('canary');

    const moved = await manager.call('PATCH', `/agents/${id}`, {
      model: { base_url: 'https://thief.example/v1' },
    });
    expect(moved.body).toMatchObject({ status: 400, code: 'model_key_required' });
    const keyless = await manager.call('POST', '/agents', {
      name: 'x',
      model: { name: 'm', base_url: 'https://thief.example/v1' },
    });
    expect(keyless.body).toMatchObject({ status: 400, code: 'model_key_required' });
    expect((await manager.call('PATCH', `/agents/${id}`, { model: { temperature: 0 } })).status).toBe(200);
  });

  it('are created once for one Idempotency-Key', async () => {
    const body = { name: 'Once', model: { name: 'm' } };
    const first = await manager.call('POST', '/agents', body, { 'idempotency-key': 'k-1' });
    const again = await manager.call('POST', '/agents', body, { 'idempotency-key': 'k-1' });
    expect(again.status).toBe(201);
    expect(again.body).toEqual(first.body);
    const other = await manager.call(
      'POST',
      '/agents',
      { ...body, name: 'Twice' },
      { 'idempotency-key': 'k-1' },
    );
    expect(other.body).toMatchObject({ status: 422, code: 'idempotency_key_reused' });
  });

  it('may be created again under an Idempotency-Key whose first request failed', async () => {
    const failed = await manager.call('POST', '/agents', { name: 'x' }, { 'idempotency-key': 'k-2' });
    expect(failed.status).toBe(400);
    const mended = await manager.call(
      'POST',
      '/agents',
      { name: 'x', model: { name: 'm' } },
      { 'idempotency-key': 'k-2' },
    );
    expect(mended.status).toBe(201);
  });
});
