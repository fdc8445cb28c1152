import { pino } from 'pino';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { inSpan, traceparent } from './spans';
import { startTracing } from './tracing';

const loaded = vi.hoisted(() => vi.fn());
vi.mock('./otlp.export', () => {
  loaded();
  return { exportTraces: () => () => Promise.resolve() };
});
const silent = pino({ enabled: false });

describe('traces', () => {
  beforeEach(() => loaded.mockClear());

  it('are off without an endpoint: nothing is loaded, work is done as it is, and messages carry nothing', async () => {
    expect(await startTracing('a-service', undefined, silent)).toEqual([]);
    expect(loaded).not.toHaveBeenCalled();
    const carried = await inSpan({ name: 'work', attributes: {} }, () => Promise.resolve(traceparent()));
    expect(carried).toBeUndefined();
    await expect(
      inSpan({ name: 'work', attributes: {} }, () => Promise.reject(new Error('broken'))),
    ).rejects.toThrow('broken');
  });

  it('are loaded for an endpoint', async () => {
    expect(await startTracing('a-service', 'http://127.0.0.1:4318', silent)).toHaveLength(1);
    expect(loaded).toHaveBeenCalledTimes(1);
  });
});
