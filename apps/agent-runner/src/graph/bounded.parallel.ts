import { anySignal } from 'any-signal';
import pLimit from 'p-limit';
import { shared } from './shared.signal';

/**
 * Does `work` for each item, at most `at_once` side by side, and resolves in the items' order. The first failure ends
 * the rest: those under way by their signal, the others before they begin.
 */
export async function inParallel<Item, Result>(
  items: Item[],
  at_once: number,
  signal: AbortSignal,
  work: (item: Item, signal: AbortSignal) => Promise<Result>,
): Promise<Result[]> {
  const failed = new AbortController();
  const stop = shared(anySignal([shared(signal), failed.signal]));
  const limit = pLimit(at_once);
  try {
    return await Promise.all(
      items.map((item) =>
        limit(() => {
          stop.throwIfAborted();
          return work(item, stop);
        }),
      ),
    );
  } catch (error) {
    failed.abort(error);
    throw error;
  } finally {
    stop.clear();
  }
}
