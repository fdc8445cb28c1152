import { internalPaths, type TokenUsage } from '@roost/contracts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ManagerHarness } from '../test/manager.harness';
import type { TestRunner } from '../test/test.runner';
import { UsageRepository } from './usage.repository';

let manager: ManagerHarness;
let usage: UsageRepository;
beforeAll(async () => {
  manager = await ManagerHarness.start();
  usage = manager.manager.app.get(UsageRepository);
});
afterAll(() => manager.stop());

const spent = (over: Partial<TokenUsage> = {}): TokenUsage => ({
  kind: 'agent',
  model: 'model-a',
  calls: 1,
  input_tokens: 100,
  output_tokens: 20,
  ...over,
});
const book = (agent_id: string, booking_id: string, ...entries: TokenUsage[]) =>
  usage.book({ booking_id, agent_id, message_id: null, usage: entries });
const read = async (query: string) => manager.call('GET', `/usage?${query}`);
const itemsOf = async (agent_id: string) => (await read(`agent_id=${agent_id}`)).body.items as object[];
/** Moves what an agent has spent to another day. */
const moveTo = (agent_id: string, time: string) =>
  manager.database.query('UPDATE token_usage SET booked_at = $2 WHERE agent_id = $1', [agent_id, time]);

describe('token usage', () => {
  let runner: TestRunner | undefined;
  afterAll(() => runner?.close());

  it('of a reply is stored once, however often its report is delivered', async () => {
    const id = await manager.agent();
    const sent = await manager.call('POST', `/agents/${id}/messages`, { content: 'hello' });
    runner = await manager.runner(id);
    const entry = await runner.next();
    const token_usage = [spent(), spent({ kind: 'grading', model: 'model-b', calls: 3, output_tokens: 3 })];
    for (let delivery = 0; delivery < 2; delivery += 1)
      await runner.end(
        entry,
        { outcome: 'completed', content: 'hi', usage: null, token_usage },
        [],
        'run_once',
      );
    await vi.waitFor(async () => expect(await itemsOf(id)).toHaveLength(2), { timeout: 10_000 });

    const again = await manager.call('POST', `/agents/${id}/messages`, {
      content: 'more',
      thread_id: sent.body.thread_id,
    });
    expect(again.status).toBe(202);
    const second = await runner.next();
    await runner.end(second, { outcome: 'failed', code: 'run_failed', detail: '' }, [], 'run_twice');
    await vi.waitFor(async () => {
      const { body } = await manager.call('GET', `/threads/${sent.body.thread_id}/messages`);
      expect(body.items.at(-1)).toMatchObject({ content: 'more', status: 'failed' });
    });
    expect(await itemsOf(id)).toMatchObject([
      { agent_id: id, model: 'model-a', kind: 'agent', calls: 1, input_tokens: 100, output_tokens: 20 },
      { agent_id: id, model: 'model-b', kind: 'grading', calls: 3, input_tokens: 100, output_tokens: 3 },
    ]);
  });

  it('of a message that paused and went on is what its run had counted in the end, in whatever order that comes', async () => {
    await book('agent_paused_0001', 'msg_1', spent({ calls: 1, input_tokens: 10 }));
    await book('agent_paused_0001', 'msg_1', spent({ calls: 3, input_tokens: 30, output_tokens: 60 }));
    await book('agent_paused_0001', 'msg_1', spent({ calls: 2, input_tokens: 20, output_tokens: 40 }));
    expect(await itemsOf('agent_paused_0001')).toMatchObject([
      { calls: 3, input_tokens: 30, output_tokens: 60 },
    ]);
  });

  it('is summed by day, agent, model and kind, newest day first', async () => {
    await book('agent_sum_0001', 's1', spent());
    await book('agent_sum_0001', 's2', spent(), spent({ model: 'model-b' }));
    await moveTo('agent_sum_0001', '2026-03-01T23:59:59Z');
    await book('agent_sum_0001', 's3', spent({ input_tokens: 7 }));
    const today = new Date().toISOString().slice(0, 10);
    expect(await itemsOf('agent_sum_0001')).toMatchObject([
      { day: today, model: 'model-a', input_tokens: 7, calls: 1 },
      { day: '2026-03-01', model: 'model-a', input_tokens: 200, output_tokens: 40, calls: 2 },
      { day: '2026-03-01', model: 'model-b', input_tokens: 100, calls: 1 },
    ]);
  });

  it('can be asked for days, both ends included, and in pages', async () => {
    for (const day of [1, 2, 3, 4]) {
      await book(`agent_day_000${day}`, `d${day}`, spent());
      await moveTo(`agent_day_000${day}`, `2025-05-0${day}T00:00:00Z`);
    }
    const first = await read('from=2025-05-02&to=2025-05-04&limit=2');
    const rest = await read(`from=2025-05-02&to=2025-05-04&limit=2&cursor=${first.body.next_cursor}`);
    expect([...first.body.items, ...rest.body.items].map(({ day }: { day: string }) => day)).toEqual([
      '2025-05-04',
      '2025-05-03',
      '2025-05-02',
    ]);
    expect(rest.body.next_cursor).toBeNull();
  });

  it.each([
    ['from=2025-02-30', 'from'],
    ['to=yesterday', 'to'],
    ['from=0000-01-01', 'from'],
    ['from=2025-05-02&to=2025-05-01', 'from'],
  ])('refuses ?%s and names the field', async (query, field) => {
    const { status, body } = await read(query);
    expect([status, body.code, body.errors[0].field]).toEqual([400, 'validation_failed', field]);
  });

  it('refuses a cursor of another list', async () => {
    expect(await read('cursor=eyJ4IjoxfQ')).toMatchObject({ status: 400, body: { code: 'invalid_cursor' } });
  });
});

describe('the price list', () => {
  it('gives usage its cost, and none to models that are not in it', async () => {
    const items = [{ model: 'priced', input_per_million: 2, output_per_million: 10 }];
    expect(await manager.call('PUT', '/prices', { currency: 'EUR', items })).toMatchObject({ status: 200 });
    await book(
      'agent_cost_0001',
      'c1',
      spent({ model: 'priced', input_tokens: 500_000, output_tokens: 1_000 }),
    );
    await book('agent_cost_0001', 'c2', spent({ model: 'unknown' }));
    const { body } = await read('agent_id=agent_cost_0001');
    expect(body.currency).toBe('EUR');
    expect(body.items).toMatchObject([
      { model: 'priced', cost: 1.01 },
      { model: 'unknown', cost: null },
    ]);
  });

  it('is replaced as a whole', async () => {
    await manager.call('PUT', '/prices', {
      items: [{ model: 'one', input_per_million: 1, output_per_million: 1 }],
    });
    await manager.call('PUT', '/prices', { items: [{ model: 'two', input_per_million: 3 }] });
    expect((await manager.call('GET', '/prices')).body).toEqual({
      currency: 'USD',
      items: [{ model: 'two', input_per_million: 3, output_per_million: 0 }],
    });
  });

  it.each([
    [{ items: [{ model: 'x', input_per_million: -1 }] }, 'items.0.input_per_million'],
    [
      {
        items: [
          { model: 'x', input_per_million: 1 },
          { model: 'x', input_per_million: 2 },
        ],
      },
      'items.1.model',
    ],
    [{ currency: 'Euro', items: [] }, 'currency'],
  ])('refuses %j and names the field', async (list, field) => {
    const { status, body } = await manager.call('PUT', '/prices', list);
    expect([status, body.errors?.[0].field]).toEqual([400, field]);
  });
});

describe('the budget', () => {
  it('is what the agent of the instance has spent since midnight, and no other', async () => {
    const id = await manager.agent();
    await manager.call('POST', `/agents/${id}/start`);
    const runner = await manager.runner(id);
    await book(id, 'b1', spent());
    await moveTo(id, '2025-01-01T00:00:00Z');
    await book(id, 'b2', spent(), spent({ kind: 'embedding', output_tokens: 0 }));
    await book('agent_other_0001', 'b3', spent());
    const { body } = await manager.internal('GET', internalPaths.budget, undefined, runner.identity.token);
    runner.close();
    expect(body.tokens).toBe(220);
    expect(body.resets_in_s).toBeGreaterThan(0);
    expect(body.resets_in_s).toBeLessThanOrEqual(86_400);
  });
});
