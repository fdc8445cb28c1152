import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { definition, NO_PARAMETERS, type BuiltTool } from './tool.builder';
import { ToolEntry } from './tool.entry';

let served: (() => Promise<BuiltTool[]>)[];
const entry = () =>
  new ToolEntry('shop', undefined, () => served.shift()?.() ?? Promise.reject(new Error('away')));
const names = async (of: ToolEntry) => (await of.tools()).map((tool) => tool.definition.function.name);

const list =
  (name: string, isStale = false) =>
  (): Promise<BuiltTool[]> =>
    Promise.resolve([
      {
        definition: definition(name, '', NO_PARAMETERS),
        tool: { call: () => Promise.resolve({ ok: true, content: '' }) },
        isStale: () => isStale,
      },
    ]);

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

describe('the tools of an entry', () => {
  it('are made once as long as they are good, and anew once they are stale', async () => {
    served = [list('old', true), list('new'), list('never')];
    const shop = entry();
    expect(await names(shop)).toEqual(['old']);
    expect(await names(shop)).toEqual(['new']);
    expect(await names(shop)).toEqual(['new']);
  });

  it('stay what they were while what describes them is away, and are asked for again after a pause', async () => {
    served = [list('find', true)];
    const shop = entry();
    await names(shop);
    expect(await names(shop)).toEqual(['find']);
    served = [list('found')];
    expect(await names(shop)).toEqual(['find']);
    vi.advanceTimersByTime(16_000);
    expect(await names(shop)).toEqual(['found']);
  });

  it('that were never there are one that says so, asked for by each run', async () => {
    served = [];
    const shop = entry();
    expect(await names(shop)).toEqual(['shop']);
    served = [list('find')];
    expect(await names(shop)).toEqual(['find']);
  });

  it('that kept a run waiting in vain are not waited for by the next one, but after as long a pause', async () => {
    const slow = (): Promise<BuiltTool[]> => {
      vi.advanceTimersByTime(8_000);
      return Promise.reject(new Error('away'));
    };
    served = [slow, list('find')];
    const shop = entry();
    expect(await names(shop)).toEqual(['shop']);
    expect(await names(shop)).toEqual(['shop']);
    vi.advanceTimersByTime(8_000);
    expect(await names(shop)).toEqual(['find']);
  });

  it('all require approval when their entry does', async () => {
    const two = async (): Promise<BuiltTool[]> => [...(await list('find')()), ...(await list('pay')())];
    const shop = new ToolEntry('shop', true, two);
    expect((await shop.tools()).map(({ requires_approval }) => requires_approval)).toEqual([true, true]);
  });

  it('that fail in a way not meant for the model are told to the operator, and not quoted to it', async () => {
    const faults: string[] = [];
    const fail = (): Promise<BuiltTool[]> => Promise.reject(new TypeError('a bug at secret.internal'));
    const shop = new ToolEntry(
      'shop',
      undefined,
      fail,
      (tool, fault) => void faults.push(`${tool}: ${fault}`),
    );
    const [tool] = await shop.tools();
    expect(faults).toEqual([expect.stringContaining('shop: TypeError: a bug at secret.internal')]);
    expect(JSON.stringify(tool?.definition)).not.toContain('secret.internal');
  });
});
