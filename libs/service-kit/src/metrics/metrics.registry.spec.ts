import { describe, expect, it } from 'vitest';
import { MetricsRegistry } from './metrics.registry';

describe('MetricsRegistry', () => {
  it('tells of the event loop and of memory from the start', async () => {
    const text = await new MetricsRegistry().text();
    expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds \d/m);
    expect(text).toMatch(/^process_resident_memory_bytes \d/m);
  });

  it('stands beside others in one process', () => {
    expect(() => [new MetricsRegistry(), new MetricsRegistry()]).not.toThrow();
  });
});
