import { anAgent, type ApiRequest } from '@roost/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { useInstallation } from '../use.installation';
import { type OpenApi, requestTo, type Route, routesOf, wrongTypes } from './openapi.walk';
import { expectProblem } from './problem.expectation';

const nul = '\u0000';
const loneSurrogate = '\ud800';
const nested = (depth: number) => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth);

describe('wrong requests', () => {
  const roost = useInstallation();
  let routes: Route[] = [];
  let ids: Record<string, string> = {};
  const keys: Record<string, string> = {};

  beforeAll(async () => {
    const { api } = roost();
    routes = routesOf(await api.as(null).call<OpenApi>({ method: 'GET', path: '/openapi.json' }));
    const tools = [{ type: 'user_info' as const, name: 'who', description: 'Who asks.' }];
    const agent = await api.createAgent(anAgent({ enabled: false, tools }));
    const base = { method: 'POST', path: '/knowledge-bases', body: { name: 'Handbook' } };
    const { id: knowledge_base_id } = await api.call<{ id: string }>(base);
    const talker = await api.createAgent(anAgent());
    const { thread_id } = await api.say(talker.id, { content: 'hello' });
    ids = {
      agent_id: agent.id,
      talker: talker.id,
      thread_id,
      knowledge_base_id,
      tool_name: 'who',
      integration_type: 'telegram',
      version: '1',
      api_key_id: 'key_0000000000000000000000',
    };
    keys['assert'] = (await api.createKey('users:assert')).key;
    keys['read'] = (await api.createKey('agents:read')).key;
  });

  const refused = async (request: ApiRequest, status: number | number[], client = roost().api) =>
    expectProblem(await client.send(request), status, `${request.method} ${request.path.slice(0, 100)}`);

  const guarded = () => routes.filter(({ credentials }) => credentials.length > 0);
  const withBody = () => routes.filter(({ body }) => body !== null);

  it('are walked route by route: the description names them all', () => {
    expect(guarded().length).toBeGreaterThanOrEqual(24);
    const open = routes.filter(({ credentials }) => credentials.length === 0).map(({ template }) => template);
    expect(open.sort()).toEqual(['/livez', '/readyz']);
  });

  it('without a credential get 401 on every route that is not public', async () => {
    for (const route of guarded()) await refused(requestTo(route, ids), 401, roost().api.as(null));
  });

  it.each(['roost_wrong', 'nonsense', 'inst_unknown', 'eyJhbGciOiJub25lIn0.e30.', `roost_${'a'.repeat(43)}`])(
    'with the credential %s get 401 on every route that is not public',
    async (credential) => {
      for (const route of guarded()) await refused(requestTo(route, ids), 401, roost().api.as(credential));
    },
  );

  it('with a key of another scope get 403 on every route', async () => {
    for (const route of guarded()) {
      const key = route.template.endsWith('/chat-tokens') ? keys['read'] : keys['assert'];
      await refused(requestTo(route, ids), 403, roost().api.as(key ?? null));
    }
  });

  it('with a credential in the query get 400 on every route', async () => {
    for (const route of routes) {
      const request = requestTo(route, ids);
      await refused({ ...request, path: `${request.path}?api_key=roost_x` }, 400);
    }
  });

  it('with an unknown property in the body get 400', async () => {
    for (const route of withBody()) {
      for (const property of ['image', 'status', 'id', 'constructor', 'extra']) {
        const request = requestTo(route, ids);
        await refused({ ...request, body: { ...(request.body as object), [property]: 'x' } }, 400);
      }
    }
  });

  it('with a property of the wrong type get 400 that names the property', async () => {
    for (const route of withBody()) {
      for (const { property, value, body } of wrongTypes(route.body ?? {})) {
        const answer = await roost().api.send({ ...requestTo(route, ids), body });
        const what = `${route.method} ${route.template} ${property}=${JSON.stringify(value)}`;
        expectProblem(answer, 400, what);
        expect(answer.body, what).toMatchObject({
          errors: expect.arrayContaining([
            expect.objectContaining({ field: expect.stringMatching(new RegExp(`^${property}(\\.|$)`)) }),
          ]),
        });
      }
    }
  });

  it.each([
    ['an array', '[]'],
    ['a number', '1'],
    ['null', 'null'],
    ['a text', '"text"'],
    ['nothing', ''],
    ['malformed JSON', '{"name": '],
    ['two objects', '{}{}'],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
  ])('with %s as body get 400', async (_what, body) => {
    // An empty patch changes nothing.
    const concerned = body === '' ? withBody().filter(({ method }) => method !== 'PATCH') : withBody();
    for (const route of concerned) await refused({ ...requestTo(route, ids), body }, 400);
  });

  it('with a body over the limit get 413', async () => {
    const body = JSON.stringify({ name: 'x'.repeat(1_100_000) });
    for (const route of withBody()) await refused({ ...requestTo(route, ids), body }, 413);
  });

  it('with a body nested ten thousand deep get 400', async () => {
    for (const route of withBody()) {
      for (const property of Object.keys(route.body?.properties ?? {})) {
        const request = requestTo(route, ids);
        const body = JSON.stringify({ ...(request.body as object), [property]: '@' });
        await refused({ ...request, body: body.replace('"@"', nested(10_000)) }, 400);
      }
    }
  });

  it('of another media type get 400 or 415', async () => {
    for (const route of withBody()) {
      const request = requestTo(route, ids);
      await refused({ ...request, headers: { 'content-type': 'text/plain' } }, [400, 415]);
      await refused(
        { ...request, headers: { 'content-type': 'application/json; charset=utf-9' } },
        [400, 415],
      );
      await refused({ ...request, headers: { 'content-encoding': 'br2' } }, [400, 415]);
    }
  });

  it.each([
    'nonsense',
    'eyJ4IjoxfQ',
    Buffer.from('["not a time","key"]').toString('base64url'),
    Buffer.from('["2020-01-01T00:00:00.000Z",5]').toString('base64url'),
    Buffer.from(`["2020-01-01T00:00:00.000Z","${nul}"]`).toString('base64url'),
    Buffer.from('["2020-01-01T00:00:00.000Z","\\u0000"]').toString('base64url'),
    Buffer.from('["","99999999999999999999"]').toString('base64url'),
    Buffer.from('["","9999999999999999999"]').toString('base64url'),
    Buffer.from('["275000-01-01T00:00:00.000Z","x"]').toString('base64url'),
    'x'.repeat(501),
    '%00',
  ])('with the cursor %j get 400', async (cursor) => {
    const lists = routes.filter(({ query }) => query.includes('cursor'));
    expect(lists.length).toBeGreaterThanOrEqual(5);
    for (const route of lists) {
      const request = requestTo(route, { ...ids, agent_id: ids['talker'] ?? '' });
      await refused({ ...request, path: `${request.path}?cursor=${cursor}` }, 400);
    }
  });

  it.each([
    ['limit', ['0', '201', '-1', '1.5', 'many', '', '1&limit=2', '1e400']],
    ['tail', ['0', '10001', 'all', '-5', '1&tail=2']],
    ['wait', ['-1', '121', 'soon', 'NaN', 'Infinity', '1&wait=2']],
    ['force', ['maybe', '1', '', 'true&force=true']],
    ['cursor', ['a&cursor=b']],
  ])('with a wrong %s in the query get 400', async (name, values) => {
    const concerned = routes.filter(({ query }) => query.includes(name));
    expect(concerned.length).toBeGreaterThan(0);
    for (const route of concerned) {
      const request = requestTo(route, ids);
      for (const value of values)
        await refused({ ...request, path: `${request.path}?${name}=${value}` }, 400);
    }
  });

  it('with an unknown parameter in the query get 400 where there are parameters', async () => {
    for (const route of routes.filter(
      ({ query, credentials }) => query.length > 0 && credentials[0] === 'api_key',
    )) {
      const request = requestTo(route, ids);
      await refused({ ...request, path: `${request.path}?image=x` }, 400);
    }
  });

  it.each(['agent_nobody_0000', 'x', '%00', '%F0%9F%A6%9C', `a${'b'.repeat(3_000)}`, '..%2fapi-keys', "'--"])(
    'for the unknown id %j get 404, or 204 when deleting',
    async (id) => {
      for (const route of guarded().filter(({ template }) =>
        /\{(agent|thread|api_key)_id\}/.test(template),
      )) {
        if (route.credentials[0] === 'instance' || route.template.includes('integration')) continue;
        const request = requestTo(route, { version: '1', agent_id: id, thread_id: id, api_key_id: id });
        const answer = await roost().api.send(request);
        if (route.method === 'DELETE' && answer.status === 204) continue;
        expectProblem(answer, id === '%00' ? 400 : 404, `${route.method} ${request.path.slice(0, 80)}`);
      }
    },
  );

  it('with a path that cannot be decoded get 400', async () => {
    await refused({ method: 'GET', path: '/agents/%E0%A4%A' }, 400);
  });

  it.each(['abc', '1.5', '-1', '0', '99999999999', '2147483648'])(
    'for the version %s get 400 or 404',
    async (version) => {
      await refused(
        { method: 'POST', path: `/agents/${ids['agent_id']}/versions/${version}/restore` },
        [400, 404],
      );
    },
  );

  it.each([
    ['NUL', nul],
    ['half a surrogate pair', loneSurrogate],
  ])('with %s in a text are refused or answered, and never fail', async (_what, character) => {
    const text = `a${character}b`;
    const agent = ids['talker'] ?? '';
    const requests: ApiRequest[] = [
      { method: 'POST', path: '/agents', body: anAgent({ name: text }) },
      { method: 'POST', path: '/agents', body: anAgent({ system_prompt: text }) },
      { method: 'PATCH', path: `/agents/${ids['agent_id']}`, body: { description: text } },
      { method: 'POST', path: '/api-keys', body: { name: text, scopes: ['agents:read'] } },
      { method: 'POST', path: `/agents/${agent}/chat-tokens`, body: { user_id: text } },
      {
        method: 'POST',
        path: `/agents/${agent}/chat-tokens`,
        body: { user_id: 'u', user_data: { name: text } },
      },
      { method: 'POST', path: `/agents/${agent}/messages`, body: { content: text } },
      { method: 'POST', path: `/agents/${agent}/messages`, body: { content: 'x', user_id: text } },
      { method: 'POST', path: `/agents/${agent}/messages`, body: { content: 'x', channel: text } },
      { method: 'POST', path: `/agents/${agent}/messages`, body: { content: 'x', client_message_id: text } },
      {
        method: 'POST',
        path: `/agents/${agent}/messages`,
        body: { content: 'x', user_data: { name: text } },
      },
      { method: 'POST', path: `/agents/${agent}/messages`, body: { content: 'x', user_data: { [text]: 1 } } },
      { method: 'POST', path: `/agents/${agent}/messages`, body: { content: 'x', thread_id: text } },
    ];
    for (const request of requests) {
      const answer = await roost().api.send(request);
      const what = `${request.method} ${request.path} ${JSON.stringify(request.body)}`;
      if (answer.status >= 300) expectProblem(answer, [400, 404], what);
    }
  });

  it.each([
    ['POST', '/agents', { 'idempotency-key': 'k'.repeat(256) }, 400],
    ['PATCH', '/agents/{agent_id}', { 'if-match': '"999"' }, 412],
    ['PATCH', '/agents/{agent_id}', { 'if-match': 'nonsense' }, 412],
    ['GET', '/threads/{thread_id}/events', { 'last-event-id': 'x'.repeat(101) }, 400],
  ])('%s %s with the headers %o get a problem', async (method, template, headers, status) => {
    const route = routes.find((one) => one.method === method && one.template === template);
    await refused({ ...requestTo(route as Route, ids), headers }, status);
  });

  it.each([
    ['PUT', '/agents'],
    ['DELETE', '/agents'],
    ['PATCH', '/api-keys'],
    ['GET', '/'],
    ['GET', '/nowhere'],
    ['POST', '/internal/instances/exchange'],
    ['POST', '/internal/checkpoints/get'],
    ['GET', '/metrics'],
  ])('%s %s, which the public port does not have, get 404 or 405', async (method, path) => {
    await refused({ method, path }, [404, 405]);
  });

  it('keep their id when it is well formed, and get another when it is not', async () => {
    const ask = (id: string) =>
      roost().api.send({ method: 'GET', path: '/agents/x', headers: { 'x-request-id': id } });

    expect((await ask('my-request-1')).body).toMatchObject({ request_id: 'my-request-1' });
    expect((await ask('<script>alert(1)</script>')).body).toMatchObject({
      request_id: expect.stringMatching(/^req_/),
    });
  });

  it('leave the service as it was', async () => {
    await expect(roost().api.status(ids['talker'] ?? '')).resolves.toMatchObject({ version: 1 });
    expect(roost().manager.log()).not.toMatch(/"level":(50|60)/);
  });
});
