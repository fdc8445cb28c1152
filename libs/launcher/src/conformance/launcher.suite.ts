import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { LaunchRefusedError, LauncherUnavailableError, type Launcher } from '../launcher';
import type { LauncherHarness } from './launcher.harness';
import { describeFollowing } from './follow.cases';
import { all, launched, PATIENCE, until, untilLogged } from './instances';
import { specOf } from './instance-spec';

/** What a platform cannot do, and why: the promise is then tested in the weaker form that it keeps. */
export interface LauncherLimits {
  /** Why an instance that is stopped without grace is asked to end before it is killed. */
  asks_before_every_kill?: string;
}

/** What every launcher promises, whatever it launches on. */
export function describeLauncher(
  name: string,
  setup: () => Promise<LauncherHarness>,
  { asks_before_every_kill }: LauncherLimits = {},
): void {
  describe(`${name} keeps the promises of a launcher`, { timeout: 60_000 }, () => {
    let harness: LauncherHarness;
    let launcher: Launcher;

    beforeAll(async () => {
      harness = await setup();
      launcher = harness.launcher;
    }, 120_000);
    afterAll(() => harness.close(), 60_000);

    it('answers a ping', () => expect(launcher.ping()).resolves.toBeUndefined());

    describe('launch', () => {
      it('makes an instance that runs and is known by what it was launched with', async () => {
        const id = await launched(launcher, { does: 'serve' }, { agent_id: 'agent_a_ab12', generation: 7 });
        await untilLogged(launcher, id, 'ready');
        const seen = await launcher.inspect(id);
        expect(seen).toEqual({
          instance_id: id,
          agent_id: 'agent_a_ab12',
          generation: 7,
          state: 'running',
          created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
          started_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
          ended_at: null,
          exit_code: null,
          oom_killed: false,
        });
        expect(await launcher.list()).toContainEqual(seen);
      });

      it('makes a member of the warm pool, which has no agent, and knows it as that', async () => {
        const id = await launched(launcher, { does: 'serve' }, { agent_id: null, generation: null });
        await untilLogged(launcher, id, 'ready');
        const seen = await launcher.inspect(id);
        expect(seen).toMatchObject({ instance_id: id, agent_id: null, generation: null, state: 'running' });
        expect(await harness.sibling.list()).toContainEqual(seen);
        await launcher.stop(id, 30);
        expect(await launcher.inspect(id)).toMatchObject({ agent_id: null, state: 'exited', exit_code: 0 });
      });

      it.each([0, 3, 255])('lets exit code %i be seen', async (code) => {
        const id = await launched(launcher, { does: 'exit', code });
        await until(launcher, id, { state: 'exited', exit_code: code, oom_killed: false });
        expect(await launcher.inspect(id)).toMatchObject({ ended_at: expect.any(String) });
      });

      it('repeated leaves a running instance alone', async () => {
        const spec = specOf({ does: 'serve' });
        onTestFinished(() => launcher.remove(spec.instance_id));
        await launcher.launch(spec);
        const before = await launcher.inspect(spec.instance_id);
        await launcher.launch(spec);
        await harness.sibling.launch(spec);
        expect(await launcher.inspect(spec.instance_id)).toEqual(before);
      });

      it('repeated does not revive an instance that ended', async () => {
        const spec = specOf({ does: 'exit', code: 3 });
        onTestFinished(() => launcher.remove(spec.instance_id));
        await launcher.launch(spec);
        await until(launcher, spec.instance_id, { state: 'exited', exit_code: 3 });
        const before = await launcher.inspect(spec.instance_id);
        await launcher.launch(spec);
        expect(await launcher.inspect(spec.instance_id)).toEqual(before);
      });

      it('twenty times at once makes one instance', async () => {
        const spec = specOf({ does: 'print', lines: 1 });
        onTestFinished(() => launcher.remove(spec.instance_id));
        await Promise.all(Array.from({ length: 20 }, () => launcher.launch(spec)));
        await untilLogged(launcher, spec.instance_id, 'ready');
        const ours = (await launcher.list()).filter(({ instance_id }) => instance_id === spec.instance_id);
        expect(ours).toHaveLength(1);
        expect((await launcher.logs(spec.instance_id, 100)).sort()).toEqual(['last', 'line 1', 'ready']);
      });

      it('is refused, naming the remedy, when what it should run was never built', async () => {
        const refusal = await harness.unbuilt
          .launch(specOf({ does: 'serve' }))
          .catch((error: unknown) => error);
        expect(refusal).toBeInstanceOf(LaunchRefusedError);
        expect(String(refusal)).toContain(harness.build_hint);
      });
    });

    describe('stop', () => {
      it('asks first: the instance sees SIGTERM and ends by itself', async () => {
        const id = await launched(launcher, { does: 'serve' });
        await untilLogged(launcher, id, 'ready');
        await launcher.stop(id, 30);
        expect(await launcher.inspect(id)).toMatchObject({ state: 'exited', exit_code: 0 });
        expect(await launcher.logs(id, 1)).toEqual(['SIGTERM']);
      });

      it('kills what does not end within the grace period, and not before', async () => {
        const id = await launched(launcher, { does: 'ignore_sigterm' });
        await untilLogged(launcher, id, 'ready');
        const began = performance.now();
        await launcher.stop(id, 1);
        expect(performance.now() - began).toBeGreaterThan(950);
        expect(await launcher.inspect(id)).toMatchObject({
          state: 'exited',
          exit_code: 137,
          oom_killed: false,
        });
      });

      it.runIf(asks_before_every_kill)(`without grace kills soon: ${asks_before_every_kill}`, async () => {
        const id = await launched(launcher, { does: 'ignore_sigterm' });
        await untilLogged(launcher, id, 'ready');
        const began = performance.now();
        await launcher.stop(id, 0);
        expect(performance.now() - began).toBeLessThan(10_000);
        expect(await launcher.inspect(id)).toMatchObject({ state: 'exited', exit_code: 137 });
      });

      it.skipIf(asks_before_every_kill)('without grace kills at once, unasked', async () => {
        const id = await launched(launcher, { does: 'serve' });
        await untilLogged(launcher, id, 'ready');
        await launcher.stop(id, 0);
        expect(await launcher.inspect(id)).toMatchObject({ state: 'exited', exit_code: 137 });
        expect(await launcher.logs(id, 100)).not.toContain('SIGTERM');
      });

      it('of an absent or ended instance is done already', async () => {
        await expect(launcher.stop('never_launched', 1)).resolves.toBeUndefined();
        const id = await launched(launcher, { does: 'exit', code: 0 });
        await until(launcher, id, { state: 'exited' });
        await expect(launcher.stop(id, 30)).resolves.toBeUndefined();
        await expect(launcher.stop(id, 0)).resolves.toBeUndefined();
      });

      it('from several sides at once works for each', async () => {
        const id = await launched(launcher, { does: 'serve' });
        await untilLogged(launcher, id, 'ready');
        await Promise.all([launcher.stop(id, 30), harness.sibling.stop(id, 30), launcher.stop(id, 30)]);
        expect(await launcher.inspect(id)).toMatchObject({ state: 'exited' });
      });
    });

    describe('remove', () => {
      it('takes a running instance and its logs away', async () => {
        const id = await launched(launcher, { does: 'ignore_sigterm' });
        await untilLogged(launcher, id, 'ready');
        await launcher.remove(id);
        expect(await launcher.inspect(id)).toEqual({ instance_id: id, state: 'absent' });
        expect(await launcher.logs(id, 10)).toEqual([]);
        expect((await launcher.list()).map(({ instance_id }) => instance_id)).not.toContain(id);
      });

      it('of an absent instance is done already, also from several sides', async () => {
        await expect(launcher.remove('never_launched')).resolves.toBeUndefined();
        const id = await launched(launcher, { does: 'serve' });
        await Promise.all([launcher.remove(id), harness.sibling.remove(id), launcher.remove(id)]);
        await until(launcher, id, { state: 'absent' });
      });
    });

    describe('across managers and installations', () => {
      it('another manager of the installation sees, reads and stops the instance', async () => {
        const id = await launched(launcher, { does: 'serve' });
        await untilLogged(harness.sibling, id, 'ready');
        await until(harness.sibling, id, { state: 'running' });
        await harness.sibling.stop(id, 30);
        await until(launcher, id, { state: 'exited', exit_code: 0 });
      });

      it('another installation neither sees nor touches it, and may use the same id', async () => {
        const spec = specOf({ does: 'serve' });
        onTestFinished(() => launcher.remove(spec.instance_id));
        await launcher.launch(spec);
        expect(await harness.stranger.inspect(spec.instance_id)).toMatchObject({ state: 'absent' });
        expect((await harness.stranger.list()).map((one) => one.instance_id)).not.toContain(spec.instance_id);

        await harness.stranger.launch(spec);
        await harness.stranger.remove(spec.instance_id);
        expect(await launcher.inspect(spec.instance_id)).toMatchObject({ state: 'running' });
      });
    });

    describe('logs', () => {
      it('are the last lines of both outputs', async () => {
        const id = await launched(launcher, { does: 'print', lines: 500 });
        await untilLogged(launcher, id, 'ready');
        await untilLogged(launcher, id, 'last');
        const lines = await launcher.logs(id, 1000);
        expect(lines).toHaveLength(502);
        expect(lines.filter((line) => line.startsWith('line '))).toEqual(
          Array.from({ length: 500 }, (_, index) => `line ${index + 1}`),
        );
        expect(await launcher.logs(id, 2)).toEqual(lines.slice(-2));
        expect(await launcher.logs(id, 0)).toEqual([]);
      });

      it('stay when the instance ended, and are empty for an absent one', async () => {
        const id = await launched(launcher, { does: 'serve' });
        await untilLogged(launcher, id, 'ready');
        await launcher.stop(id, 30);
        expect(await launcher.logs(id, 2)).toEqual(['ready', 'SIGTERM']);
        expect(await launcher.logs('never_launched', 10)).toEqual([]);
      });
    });

    describeFollowing(() => harness);

    describe('watch', () => {
      it('tells of an instance that ended and of one that was removed, until it is aborted', async () => {
        const ended = vi.fn<(instance_id: string) => void>();
        const abort = new AbortController();
        onTestFinished(() => abort.abort());
        launcher.watch(ended, abort.signal);
        // The watch has begun when it tells of something.
        await vi.waitFor(async () => {
          await launched(launcher, { does: 'exit', code: 0 });
          expect(ended).toHaveBeenCalled();
        }, PATIENCE);

        const [stopped, removed, later] = [
          await launched(launcher, { does: 'serve' }),
          await launched(launcher, { does: 'serve' }),
          await launched(launcher, { does: 'serve' }),
        ];
        await launcher.stop(stopped, 0);
        await launcher.remove(removed);
        await vi.waitFor(() => {
          expect(ended).toHaveBeenCalledWith(stopped);
          expect(ended).toHaveBeenCalledWith(removed);
        }, PATIENCE);

        abort.abort();
        await launcher.remove(later);
        expect(ended).not.toHaveBeenCalledWith(later);
      });
    });

    describe('a platform that does not answer', () => {
      const calls: Record<string, (unreachable: Launcher) => Promise<unknown>> = {
        launch: (unreachable) => unreachable.launch(specOf({ does: 'serve' })),
        stop: (unreachable) => unreachable.stop('some_instance', 0),
        remove: (unreachable) => unreachable.remove('some_instance'),
        inspect: (unreachable) => unreachable.inspect('some_instance'),
        list: (unreachable) => unreachable.list(),
        logs: (unreachable) => unreachable.logs('some_instance', 10),
        follow: (unreachable) => all(unreachable.follow('some_instance', 10, new AbortController().signal)),
        ping: (unreachable) => unreachable.ping(),
      };

      it.each(Object.keys(calls))('makes %s fail as unavailable within the deadline', async (call) => {
        for (const [how, unreachable] of Object.entries(harness.unreachable)) {
          const began = performance.now();
          const error = await calls[call]?.(unreachable).catch((reason: unknown) => reason);
          expect(error, how).toBeInstanceOf(LauncherUnavailableError);
          expect(performance.now() - began, how).toBeLessThan(harness.deadline_ms);
        }
      });
    });
  });
}
