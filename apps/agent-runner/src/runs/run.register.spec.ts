import { describe, expect, it } from 'vitest';
import { RunRegister } from './run.register';

const told = () => Promise.resolve();

/** Work that ends when told to, and what has begun so far. */
function desk() {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const work = (id: string) => () =>
    new Promise<void>((resolve) => {
      begun.push(id);
      ends.set(id, resolve);
    });
  return { begun, work, end: (id: string) => ends.get(id)?.() };
}
const settle = () => new Promise(setImmediate);

describe('the register of runs', () => {
  it('tells what begins before it begins', async () => {
    const seen: string[][] = [];
    const register: RunRegister = new RunRegister([], () => {
      seen.push(register.begun_ids);
      return Promise.resolve();
    });
    await register.run(['a'], () => {
      expect(seen).toEqual([['a']]);
      return Promise.resolve();
    });
    expect(register.begun_ids).toEqual([]);
  });

  it('runs everything side by side while nothing is suspect', async () => {
    const { begun, work } = desk();
    const register = new RunRegister([], told);
    void register.run(['a'], work('a'));
    void register.run(['b'], work('b'));
    await settle();
    expect(begun).toEqual(['a', 'b']);
  });

  it('runs each suspect alone, and side by side again after the last of them', async () => {
    const { begun, work, end } = desk();
    const register = new RunRegister(['a', 'b'], told);
    for (const id of ['a', 'b', 'c']) void register.run([id], work(id));
    await settle();
    expect(begun).toEqual(['a']);
    end('a');
    await settle();
    expect(begun).toEqual(['a', 'b']);
    end('b');
    await settle();
    void register.run(['d'], work('d'));
    await settle();
    expect(begun).toEqual(['a', 'b', 'c', 'd']);
  });

  it('waits for no suspect that will not be run', async () => {
    const { begun, work, end } = desk();
    const register = new RunRegister(['a', 'b'], told);
    void register.run(['a'], work('a'));
    await settle();
    register.forget(['a', 'b']);
    void register.run(['c'], work('c'));
    await settle();
    expect(begun).toEqual(['a']);
    end('a');
    await settle();
    void register.run(['d'], work('d'));
    await settle();
    expect(begun).toEqual(['a', 'c', 'd']);
  });
});
