import { FACTS_MAX, type InboxEntry, internalPaths } from '@roost/contracts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ManagerHarness } from '../test/manager.harness';
import type { TestRunner } from '../test/test.runner';

let manager: ManagerHarness;
let agent_id: string;
let runner: TestRunner;
beforeAll(async () => {
  manager = await ManagerHarness.start();
  agent_id = await manager.agent();
  await manager.call('POST', `/agents/${agent_id}/start`);
  runner = await manager.runner(agent_id);
});
afterAll(async () => {
  runner.close();
  await manager.stop();
});

const remember = (user_id: string, text: string) =>
  manager.internal('POST', `${internalPaths.facts}/remember`, { user_id, text }, runner.identity.token);
const known = async (user_id: string) =>
  (
    await manager.internal('POST', `${internalPaths.facts}/list`, { user_id }, runner.identity.token)
  ).body.facts.map(({ text }: { text: string }) => text) as string[];
const factsOf = (user_id: string) => manager.call('GET', `/users/${encodeURIComponent(user_id)}/facts`);
const erase = (user_id: string) => manager.call('DELETE', `/users/${encodeURIComponent(user_id)}`);
const say = (user_id: string, content: string, thread_id?: string) =>
  manager.call('POST', `/agents/${agent_id}/messages`, {
    content,
    user_id,
    ...(thread_id === undefined ? {} : { thread_id }),
  });
const messagesOf = async (thread_id: string) =>
  (await manager.call('GET', `/threads/${thread_id}/messages`)).body.items as object[];
/** The entries of these messages, in order; the others of the inbox are left unanswered. */
async function entriesOf(message_ids: string[]): Promise<InboxEntry[]> {
  const entries: InboxEntry[] = [];
  while (entries.length < message_ids.length) {
    const entry = await runner.next();
    if (message_ids.includes(entry.message_id)) entries.push(entry);
  }
  return entries;
}
/** Leaves the agent owing the user an answer, as it does while it remembers something. */
const meet = (...user_ids: string[]) => Promise.all(user_ids.map((user_id) => say(user_id, 'hello')));

describe('what an agent remembers of a user', () => {
  it('is each fact once, oldest first, and nothing of other users', async () => {
    await meet('ada', 'bob');
    await remember('ada', 'Likes tea.');
    await remember('ada', 'Lives in Riga.');
    await remember('ada', 'Likes tea.');
    await remember('bob', 'Likes coffee.');
    expect(await known('ada')).toEqual(['Likes tea.', 'Lives in Riga.']);
  });

  it('is bounded: the oldest gives way', async () => {
    await meet('talker');
    for (let number = 0; number <= FACTS_MAX; number += 1) await remember('talker', `Fact ${number}.`);
    const facts = await known('talker');
    expect(facts).toHaveLength(FACTS_MAX);
    expect(facts[0]).toBe('Fact 1.');
  });

  it('can be forgotten one by one', async () => {
    await meet('carl');
    const { body } = await remember('carl', 'Has a cat.');
    const forget = { user_id: 'carl', id: body.id as string };
    const path = `${internalPaths.facts}/forget`;
    for (let time = 0; time < 2; time += 1)
      expect((await manager.internal('POST', path, forget, runner.identity.token)).status).toBe(204);
    expect(await known('carl')).toEqual([]);
  });

  it('can be listed by an operator, whatever the user is called', async () => {
    await meet('тг:5/7?');
    await remember('тг:5/7?', 'Пишет по-русски.');
    expect((await factsOf('тг:5/7?')).body.items).toMatchObject([{ agent_id, text: 'Пишет по-русски.' }]);
  });

  it.each([
    { user_id: 'x', text: ' ' },
    { user_id: '', text: 'x' },
    { user_id: 'x', text: 'x'.repeat(501) },
  ])('refuses %j', async (fact) => {
    const path = `${internalPaths.facts}/remember`;
    expect((await manager.internal('POST', path, fact, runner.identity.token)).status).toBe(400);
  });

  it('is nothing of whom it owes no answer', async () => {
    expect((await remember('stranger', 'Was never here.')).status).toBe(403);
    expect(await known('stranger')).toEqual([]);
  });

  it('is no business of the public API', async () => {
    expect((await manager.call('POST', `${internalPaths.facts}/list`, { user_id: 'ada' })).status).toBe(404);
  });
});

describe('erasing a user', () => {
  it('takes facts, threads and messages, and what was written to threads of others', async () => {
    const own = await say('dora', 'my secret');
    const others = await say('emil', 'the thread of Emil');
    const thread_id = others.body.thread_id as string;
    const said = await say('dora', 'another secret', thread_id);
    await remember('dora', 'Has a secret.');
    const ids = [own.body.message_id, others.body.message_id, said.body.message_id] as string[];
    for (const entry of await entriesOf(ids))
      if (entry.message_id !== own.body.message_id)
        await runner.report(
          entry,
          entry.message_id === said.body.message_id ? 'A secret it is.' : 'Hi Emil.',
        );
    await vi.waitFor(async () => expect(await messagesOf(thread_id)).toHaveLength(4));

    expect((await erase('dora')).status).toBe(204);

    expect((await factsOf('dora')).body.items).toEqual([]);
    expect((await manager.call('GET', `/threads/${own.body.thread_id}`)).status).toBe(404);
    expect(await messagesOf(thread_id)).toMatchObject([
      { content: 'the thread of Emil' },
      { content: '[erased]' },
      { content: 'Hi Emil.' },
      { content: '[erased]' },
    ]);
    const left = await manager.database.query<unknown[]>(
      "SELECT id FROM messages WHERE user_id = 'dora' OR content LIKE '%secret%'",
    );
    expect(left).toEqual([]);
    // So that no instance answers from what it remembers of before.
    const next = await say('emil', 'And now?', thread_id);
    expect(await entriesOf([next.body.message_id as string])).toMatchObject([{ erasures: 1 }]);
  });

  it('keeps a run that had begun before from writing back what it knew', async () => {
    const others = await say('ines', 'the thread of Ines');
    const thread_id = others.body.thread_id as string;
    const said = await say('jack', 'canary', thread_id);
    for (const entry of await entriesOf([others.body.message_id, said.body.message_id] as string[]))
      await runner.report(entry, 'Noted.');
    await vi.waitFor(async () => expect(await messagesOf(thread_id)).toHaveLength(4));
    const place = { thread_id, checkpoint_ns: '' };
    const call = (operation: string, body: object) =>
      manager.internal('POST', `${internalPaths.checkpoints}/${operation}`, body, runner.identity.token);
    const read = async () => (await call('get', { ...place, checkpoint_id: null })).body;
    const write = async (checkpoint_id: string, metadata: object) =>
      (
        await call('put', {
          ...place,
          checkpoint_id,
          parent_checkpoint_id: null,
          checkpoint: { type: 'json', base64: 'e30=' },
          metadata,
        })
      ).status;
    expect(await read()).toEqual({ tuple: null, erasures: 0 });
    expect(await write('1', { erasures: 0 })).toBe(204);
    expect((await erase('jack')).status).toBe(204);
    expect(await write('2', { erasures: 0 })).toBe(404);
    expect(await read()).toEqual({ tuple: null, erasures: 1 });
    expect(await write('3', { erasures: 1 })).toBe(204);
    await manager.call('DELETE', `/threads/${thread_id}`);
    expect(await write('4', { erasures: 1 })).toBe(404);
    expect(await read()).toEqual({ tuple: null });
  });

  it('ends what is under way for them first: nothing is remembered afterwards', async () => {
    const { body } = await say('finn', 'remember me');
    const [entry] = await entriesOf([body.message_id as string]);
    await remember('finn', 'Was here.');
    expect((await erase('finn')).status).toBe(204);
    expect((await remember('finn', 'Was here again.')).status).toBe(403);
    await runner.report(entry!, 'Nice to meet you, Finn.');
    expect((await factsOf('finn')).body.items).toEqual([]);
    expect((await manager.call('GET', `/threads/${body.thread_id}`)).status).toBe(404);
  });

  it('takes what waits for approval, arguments included', async () => {
    const others = await say('gina', 'the thread of Gina');
    const thread_id = others.body.thread_id as string;
    const { body } = await say('hugo', 'refund me', thread_id);
    const entry = (await entriesOf([others.body.message_id, body.message_id] as string[])).at(-1)!;
    const approval_id = `apr_${'7'.repeat(22)}`;
    await runner.pause(
      entry,
      [{ approval_id, tool: 'refund', arguments: { iban: 'canary-iban' } }],
      'canary-said',
    );
    await vi.waitFor(async () =>
      expect((await messagesOf(thread_id)).at(-1)).toMatchObject({ status: 'paused' }),
    );
    expect((await erase('hugo')).status).toBe(204);
    for (const table of ['approvals', 'messages'])
      expect(
        await manager.database.query(`SELECT * FROM ${table} AS t WHERE to_jsonb(t)::text LIKE '%canary-%'`),
      ).toEqual([]);
  });

  it('of whom nothing is known is done already', async () => {
    expect((await erase('nobody')).status).toBe(204);
  });

  it('is not for keys that may only read', async () => {
    const { body } = await manager.call('POST', '/api-keys', { name: 'reader', scopes: ['agents:read'] });
    const answer = await manager.call('DELETE', '/users/emil', undefined, {
      authorization: `Bearer ${body.key}`,
    });
    expect(answer.status).toBe(403);
  });
});
