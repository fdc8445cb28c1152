import { expect, it } from 'vitest';
import { definition, NO_PARAMETERS } from './tool.builder';
import { prepared, Toolbox } from './toolbox';

const tool = (name: string, description: string, content = '') =>
  prepared({
    definition: definition(name, description, NO_PARAMETERS),
    tool: { call: () => Promise.resolve({ ok: true, content }) },
  });
const options = {
  idempotency_key: 'key',
  signal: new AbortController().signal,
  asker: { thread_id: 'thr_1', message_id: 'msg_1', channel: 'web', user_id: null, user_data: {} },
  requestAuthorization: () => undefined,
};

it('shows the model no secret, neither in what a tool says of itself nor in what it answers', async () => {
  const toolbox = new Toolbox([tool('find', 'Calls with tok-canary-0123456789.', 'tok-canary-0123456789')], {
    shop_token: 'tok-canary-0123456789',
  });
  expect(toolbox.definitions[0]?.function.description).toBe('Calls with [secret].');
  expect(await toolbox.call('find', {}, options)).toEqual({ ok: true, content: '[secret]' });
});

it('shows the model no secret in the schema that a server describes a tool with', () => {
  const parameters = {
    type: 'object',
    properties: { id: { type: 'string', description: 'As tok-canary-0123456789 names it.' } },
  };
  const call = () => Promise.resolve({ ok: true, content: '' });
  const find = prepared({ definition: definition('find', '', parameters), tool: { call } });
  const toolbox = new Toolbox([find], { shop_token: 'tok-canary-0123456789' });
  expect(toolbox.definitions[0]?.function.parameters).toMatchObject({
    properties: { id: { description: 'As [secret] names it.' } },
  });
});

it('has one tool of a name: the first', async () => {
  const toolbox = new Toolbox([tool('find', 'First.', 'first'), tool('find', 'Second.', 'second')]);
  expect(toolbox.definitions.map(({ function: { description } }) => description)).toEqual(['First.']);
  expect(await toolbox.call('find', {}, options)).toMatchObject({ content: 'first' });
});

it('tells the operator of a tool that throws what is not meant for the model, without its secrets', async () => {
  const faults: string[] = [];
  const call = () => Promise.reject(new TypeError('no tok-canary-0123456789'));
  const broken = prepared({ definition: definition('find', '', NO_PARAMETERS), tool: { call } });
  const toolbox = new Toolbox([broken], { shop_token: 'tok-canary-0123456789' }, (name, fault) =>
    faults.push(`${name}: ${fault}`),
  );
  expect(await toolbox.call('find', {}, options)).toEqual({
    ok: false,
    content: 'The tool is not configured correctly and cannot be used.',
  });
  expect(faults).toEqual([expect.stringContaining('find: TypeError: no [secret]')]);
});
