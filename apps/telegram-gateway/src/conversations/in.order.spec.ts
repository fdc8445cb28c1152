import { describe, expect, it } from 'vitest';
import { InOrder } from './in.order';

/** Work that ends when it is told to. */
function held() {
  let end = (): void => undefined;
  const done = new Promise<void>((resolve) => (end = resolve));
  return { done, end: () => end() };
}

describe('work in order', () => {
  it('is done one after the other for the same key, and side by side for others', async () => {
    const order = new InOrder();
    const first = held();
    const seen: string[] = [];
    const work = [
      order.run('a', async () => {
        await first.done;
        seen.push('a1');
      }),
      order.run('a', () => Promise.resolve(void seen.push('a2'))),
    ];
    await order.run('b', () => Promise.resolve(void seen.push('b1')));
    first.end();
    await Promise.all(work);
    expect(seen).toEqual(['b1', 'a1', 'a2']);
  });

  it('goes on after what has failed, which only its own caller hears of', async () => {
    const order = new InOrder();
    const failing = order.run('a', () => Promise.reject(new Error('no')));
    const next = order.run('a', () => Promise.resolve());
    await expect(failing).rejects.toThrow('no');
    await expect(next).resolves.toBeUndefined();
  });

  it('lets pass what has to, as soon as the work before it stalls; what comes later waits for both', async () => {
    const order = new InOrder();
    const [stalled, passing] = [held(), held()];
    const seen: string[] = [];
    const work = [
      order.run('a', () => Promise.resolve(void seen.push('first'))),
      order.run('a', async (stall) => {
        seen.push('stalled');
        stall();
        await stalled.done;
        seen.push('through');
      }),
      order.pass('a', async () => {
        seen.push('passes');
        stalled.end();
        await passing.done;
        seen.push('passed');
      }),
      order.run('a', () => Promise.resolve(void seen.push('last'))),
    ];
    await work[1];
    passing.end();
    await Promise.all(work);
    expect(seen).toEqual(['first', 'stalled', 'passes', 'through', 'passed', 'last']);
  });

  it('lets pass nothing while all of it gets on', async () => {
    const order = new InOrder();
    const seen: string[] = [];
    await Promise.all([
      order.run('a', () => Promise.resolve(void seen.push('first'))),
      order.pass('a', () => Promise.resolve(void seen.push('second'))),
    ]);
    expect(seen).toEqual(['first', 'second']);
  });
});
