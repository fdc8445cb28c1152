import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ManagerHarness } from '../test/manager.harness';

describe('a method that an address does not take', () => {
  let manager: ManagerHarness;
  beforeAll(async () => {
    manager = await ManagerHarness.start();
  });
  afterAll(() => manager.stop());

  it.each([
    ['PUT', '/agents', 'GET, HEAD, POST'],
    ['DELETE', '/agents/', 'GET, HEAD, POST'],
    ['PUT', '/agents/agent_none', 'GET, HEAD, PATCH, DELETE'],
    ['GET', '/agents/agent_none/messages', 'POST'],
    ['POST', '/livez', 'GET, HEAD'],
  ])('%s %s is told which it takes: %s', async (method, path, allow) => {
    const { status, headers, body } = await manager.call(method, path);
    expect({ status, allow: headers.get('allow')?.split(', ').sort() }).toEqual({
      status: 405,
      allow: allow.split(', ').sort(),
    });
    expect(headers.get('content-type')).toContain('application/problem+json');
    expect(body).toMatchObject({ code: 'method_not_allowed', status: 405 });
  });

  it.each([
    ['no credential', {}],
    ['a bad one', { authorization: `Bearer roost_${'B'.repeat(43)}` }],
  ])('tells nothing to %s', async (_name, headers) => {
    const answer = await fetch(`http://127.0.0.1:${manager.manager.public_port}/agents`, {
      method: 'PUT',
      headers,
    });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('allow')).toBeNull();
  });

  it.each([
    ['GET', '/nowhere'],
    ['GET', '/internal/instances/exchange'],
    ['GET', '/agents/a/b/c/d'],
  ])('does not exist where there is no address: %s %s', async (method, path) => {
    expect(await manager.call(method, path)).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });
});
