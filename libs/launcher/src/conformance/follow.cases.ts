import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Launcher } from '../launcher';
import { all, launched, untilLogged } from './instances';
import type { LauncherHarness } from './launcher.harness';

/** What following a log promises. */
export function describeFollowing(harnessOf: () => LauncherHarness): void {
  describe('follow', () => {
    let launcher: Launcher;
    beforeAll(() => void ({ launcher } = harnessOf()));

    const following = (id: string, tail: number, by: Launcher = launcher) => {
      const abort = new AbortController();
      const lines = by.follow(id, tail, abort.signal);
      onTestFinished(async () => {
        abort.abort();
        await lines.return();
      });
      return { lines, abort };
    };

    it('gives the last lines, then what is written, and ends with the instance', async () => {
      const id = await launched(launcher, { does: 'print', lines: 20 });
      await untilLogged(launcher, id, 'ready');
      await untilLogged(launcher, id, 'last');
      const before = await launcher.logs(id, 3);
      for (const by of [launcher, harnessOf().sibling]) {
        const { lines } = following(id, 3, by);
        for (const line of before) expect(await lines.next()).toEqual({ done: false, value: line });
      }
      const { lines } = following(id, 3);
      await lines.next();
      await launcher.stop(id, 30);
      expect(await all(lines)).toEqual([...before.slice(1), 'SIGTERM']);
    });

    it('of no lines gives what is written from then on alone', async () => {
      const id = await launched(launcher, { does: 'serve' });
      await untilLogged(launcher, id, 'ready');
      const rest = all(following(id, 0).lines);
      await launcher.stop(id, 30);
      for (const line of await rest) expect(line).toBe('SIGTERM');
    });

    it('of an ended instance gives its last lines and ends; of an absent one it is empty', async () => {
      const id = await launched(launcher, { does: 'serve' });
      await untilLogged(launcher, id, 'ready');
      await launcher.stop(id, 30);
      expect(await all(following(id, 2).lines)).toEqual(['ready', 'SIGTERM']);
      expect(await all(following('never_launched', 2).lines)).toEqual([]);
    });

    it('ends when the instance is removed', async () => {
      const id = await launched(launcher, { does: 'ignore_sigterm' });
      await untilLogged(launcher, id, 'ready');
      const { lines } = following(id, 1);
      expect(await lines.next()).toEqual({ done: false, value: 'ready' });
      const rest = all(lines);
      await launcher.remove(id);
      for (const line of await rest) expect(line).toBe('SIGTERM');
    });

    it('ends when it is aborted, while the instance goes on', async () => {
      const id = await launched(launcher, { does: 'serve' });
      await untilLogged(launcher, id, 'ready');
      const { lines, abort } = following(id, 1);
      expect(await lines.next()).toEqual({ done: false, value: 'ready' });
      const end = lines.next();
      abort.abort();
      expect(await end).toEqual({ done: true, value: undefined });
      expect(await launcher.inspect(id)).toMatchObject({ state: 'running' });
    });

    it('misses nothing when it is read slowly', async () => {
      const id = await launched(launcher, { does: 'print', lines: 5000 });
      const { lines } = following(id, 10_000);
      const seen = [(await lines.next()).value];
      await untilLogged(launcher, id, 'ready');
      for await (const line of lines) if (seen.push(line) === 5002) break;
      expect(seen.filter((line) => line?.startsWith('line '))).toEqual(
        Array.from({ length: 5000 }, (_, index) => `line ${index + 1}`),
      );
    });
  });
}
