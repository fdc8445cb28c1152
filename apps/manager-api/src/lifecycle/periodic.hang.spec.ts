import { pino } from 'pino';
import { afterEach, expect, it, vi } from 'vitest';
import type { LeasesRepository } from './leases.repository';
import { Periodic } from './periodic';

const leases = {
  take: () => Promise.resolve(true),
  renew: () => Promise.resolve(),
  release: () => Promise.resolve(),
} as unknown as LeasesRepository;

afterEach(() => vi.useRealTimers());

it('a round that hangs does not keep the next one from beginning', async () => {
  vi.useFakeTimers();
  const periodic = new Periodic(leases, pino({ enabled: false }));
  const work = vi.fn<() => Promise<void>>().mockReturnValueOnce(new Promise(() => undefined));
  work.mockResolvedValue();
  periodic.every('work', 1_000, work);

  await vi.advanceTimersByTimeAsync(30_000);
  expect(work).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(40_000);

  expect(work.mock.calls.length).toBeGreaterThan(1);
  await periodic.beforeApplicationShutdown();
});
