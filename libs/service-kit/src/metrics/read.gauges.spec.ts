import { Registry } from 'prom-client';
import { describe, expect, it, vi } from 'vitest';
import { ReadGauges } from './read.gauges';

interface Found {
  owed: number;
  by_state: Partial<Record<'asleep' | 'awake', number>>;
}

function gauges(read: () => Promise<Found>) {
  const registry = new Registry();
  const onMissing = vi.fn();
  const read_gauges = new ReadGauges(registry, read, onMissing);
  read_gauges.one('owed', 'Owed', ({ owed }) => owed);
  read_gauges.by('agents', 'Agents', 'state', ['asleep', 'awake'], ({ by_state }) => by_state);
  return { registry, onMissing };
}

describe('gauges of what is read elsewhere', () => {
  it('are read once a scrape, and a state that nothing is in is 0', async () => {
    const read = vi.fn(() => Promise.resolve({ owed: 7, by_state: { awake: 2 } }));
    const { registry } = gauges(read);
    const text = await registry.metrics();
    expect(text).toMatch(/^owed 7$/m);
    expect(text).toMatch(/^agents\{state="asleep"\} 0$/m);
    expect(text).toMatch(/^agents\{state="awake"\} 2$/m);
    expect(read).toHaveBeenCalledTimes(1);
  });

  it('share one reading among scrapes at a time, and read anew for the next', async () => {
    const read = vi.fn(() => Promise.resolve({ owed: 7, by_state: {} }));
    const { registry } = gauges(read);
    await Promise.all([registry.metrics(), registry.metrics()]);
    expect(read).toHaveBeenCalledTimes(1);
    await registry.metrics();
    expect(read).toHaveBeenCalledTimes(2);
  });

  it('have no value rather than an old one when nothing can be read, and say why', async () => {
    const read = vi.fn(() => Promise.resolve<Found>({ owed: 7, by_state: { awake: 2 } }));
    const { registry, onMissing } = gauges(read);
    await registry.metrics();
    read.mockRejectedValueOnce(new Error('away'));
    expect(await registry.metrics()).not.toMatch(/^(owed|agents)/m);
    expect(onMissing).toHaveBeenCalledWith(new Error('away'));
  });

  it('do not hold up a scrape for longer than two seconds', async () => {
    vi.useFakeTimers();
    const { registry, onMissing } = gauges(() => new Promise(() => undefined));
    const text = registry.metrics();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await text).not.toMatch(/^owed/m);
    expect(onMissing).toHaveBeenCalledTimes(1);
    vi.useRealTimers();
  });
});
