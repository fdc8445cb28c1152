import { waitUntil } from '@roost/devstack';

/**
 * Looks again and again until `probe` yields something (not undefined, null or false), and resolves with it.
 * Rejects after `deadlineMs`; the message says what was waited for.
 */
export function until<T>(
  what: string,
  probe: () => T | undefined | null | false | Promise<T | undefined | null | false>,
  deadlineMs = 10_000,
): Promise<T> {
  return waitUntil(
    what,
    async () => {
      const value = await probe();
      return value === null || value === false ? undefined : value;
    },
    { deadlineMs },
  );
}
