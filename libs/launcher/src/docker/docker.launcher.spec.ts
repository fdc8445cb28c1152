import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { describeLauncher, launched, specOf, until, untilLogged } from '../conformance';
import { instanceName } from '../instance-name';
import { LaunchRefusedError, LauncherUnavailableError } from '../launcher';
import { DockerLauncher } from './docker.launcher';
import type { DockerLauncherOptions } from './docker.options';
import { LossyEngine } from './lossy-engine.fixture';
import { silentEngine } from './silent-engine.fixture';
import { dockerAt, importTestImage, whyNoEngine } from './test-engine.fixture';

const DOCKER_HOST = process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock';
const BUILD_HINT = 'docker compose build agent-runner';

const docker = dockerAt(DOCKER_HOST);
const noEngine = await whyNoEngine(DOCKER_HOST);

if (noEngine) {
  const required = process.env['ROOST_REQUIRE_ENGINE'] === '1';
  it.skipIf(!required)(`the docker launcher is not tested: ${noEngine}`, () => expect.fail(noEngine));
}

describe.skipIf(noEngine)('the docker launcher', { timeout: 60_000 }, () => {
  const installation = `test-${randomUUID()}`;
  const network = `roost-test-${randomUUID()}`;
  let image: string;
  const atEnd: (() => Promise<unknown>)[] = [];

  const launcherWith = (part: Partial<DockerLauncherOptions> = {}): DockerLauncher => {
    const launcher = new DockerLauncher({
      docker_host: DOCKER_HOST,
      image,
      build_hint: BUILD_HINT,
      network,
      installation,
      ...part,
    });
    atEnd.push(() => launcher.close());
    return launcher;
  };

  beforeAll(async () => {
    const imported = await importTestImage(docker);
    image = imported.image;
    atEnd.push(imported.remove, () => docker.getNetwork(network).remove());
  }, 120_000);
  afterAll(async () => {
    // Each on its own: a test that made no network must not keep the image from being removed.
    for (const finish of atEnd.reverse()) await finish().catch(() => undefined);
  }, 60_000);

  describeLauncher('it', async () => {
    const silent = await silentEngine('accepts and says nothing');
    return {
      launcher: launcherWith(),
      sibling: launcherWith(),
      stranger: launcherWith({ installation: `${installation}-stranger` }),
      unbuilt: launcherWith({ image: 'roost-test/never-built:1' }),
      build_hint: BUILD_HINT,
      unreachable: {
        'no such socket': launcherWith({ docker_host: 'unix:///nonexistent/docker.sock' }),
        'port closed': launcherWith({ docker_host: 'tcp://127.0.0.1:1' }),
        'accepts and says nothing': launcherWith({ docker_host: silent.docker_host, call_timeout_ms: 300 }),
      },
      deadline_ms: 1000,
      close: silent.close,
    };
  });

  it('an engine that hangs within its answer leaves nothing known', async () => {
    for (const silence of ['sends headers and no body', 'sends half a body'] as const) {
      const engine = await silentEngine(silence);
      const launcher = launcherWith({ docker_host: engine.docker_host, call_timeout_ms: 200 });
      await expect(launcher.inspect('i1'), silence).rejects.toBeInstanceOf(LauncherUnavailableError);
      await expect(launcher.list(), silence).rejects.toBeInstanceOf(LauncherUnavailableError);
      await expect(launcher.launch(specOf({ does: 'serve' })), silence).rejects.toBeInstanceOf(
        LauncherUnavailableError,
      );
      await engine.close();
    }
  });

  describe('confinement, seen from inside', () => {
    it('is not root, without capabilities, on a read-only root, within its limits', async () => {
      const launcher = launcherWith();
      const limits = { memory_mb: 200, cpus: 0.5, pids: 40 };
      const id = await launched(launcher, { does: 'report' }, { limits });
      await untilLogged(launcher, id, 'ready');
      const [report] = await launcher.logs(id, 2);
      const seen = JSON.parse(report ?? '') as Record<string, unknown>;
      expect(seen).toMatchObject({
        uid: 1000,
        gid: 1000,
        groups: [1000],
        init: 'docker-init',
        cap_eff: '0000000000000000',
        cap_bnd: '0000000000000000',
        no_new_privs: '1',
        seccomp: '2',
        write_root: 'EROFS',
        write_shm: 'ENOENT',
        write_tmp: 'written',
        fill_tmp: 'ENOSPC',
        tmp: expect.stringMatching(/tmpfs rw,nosuid,nodev,noexec.*size=65536k/),
        memory: String(200 * 1024 * 1024),
        cpu: expect.stringMatching(/^50000\b/),
        pids: '40',
        env: ['HOME', 'HOSTNAME', 'PATH', 'PROGRAM'],
      });
    });

    it('an instance past its memory limit is ended, and the cause is told', async () => {
      const launcher = launcherWith();
      const limits = { memory_mb: 96, cpus: 1, pids: 64 };
      const id = await launched(launcher, { does: 'hog', memory: 'native' }, { limits });
      await until(launcher, id, { state: 'exited', exit_code: 137, oom_killed: true });
    });
  });

  describe('lost answers', () => {
    it.each([
      ['create', /^POST \/containers\/create/],
      ['start', /^POST \/containers\/[^/]+\/start/],
      ['create and start', /^POST \/containers\//],
    ])('to %s end in exactly one container, started once', async (_calls, lose) => {
      for (const loss of ['cut', 'silence'] as const) {
        const engine = new LossyEngine(DOCKER_HOST);
        const launcher = launcherWith({ docker_host: await engine.listen(), call_timeout_ms: 1500 });
        const spec = specOf({ does: 'serve' });
        onTestFinished(() => launcherWith().remove(spec.instance_id));

        engine.lose = lose;
        engine.loss = loss;
        await expect(launcher.launch(spec)).rejects.toBeInstanceOf(LauncherUnavailableError);
        await launcher.launch(spec).catch(() => undefined);
        await launcherWith().launch(spec);

        expect(engine.lost).not.toHaveLength(0);
        await untilLogged(launcher, spec.instance_id, 'ready');
        expect(await launcher.logs(spec.instance_id, 10)).toEqual(['ready']);
        const label = [`roost.instance_id=${spec.instance_id}`];
        expect(await docker.listContainers({ all: true, filters: { label } })).toHaveLength(1);
        await engine.close();
      }
    });
  });

  it('a watch that lost its connection tells of what ended meanwhile', async () => {
    const engine = new LossyEngine(DOCKER_HOST);
    const launcher = launcherWith({ docker_host: await engine.listen() });
    const ended = vi.fn<(instance_id: string) => void>();
    const abort = new AbortController();
    launcher.watch(ended, abort.signal);
    const [before, meanwhile] = [
      await launched(launcherWith(), { does: 'serve' }),
      await launched(launcherWith(), { does: 'serve' }),
    ];
    await launcher.stop(before, 0);
    await vi.waitFor(() => expect(ended).toHaveBeenCalledWith(before), { timeout: 10_000 });

    // Whatever connects now is told nothing, until the death is past.
    engine.lose = /^GET \/events/;
    engine.loss = 'silence';
    engine.cutAll();
    await launcherWith().stop(meanwhile, 0);
    engine.lose = null;
    engine.cutAll();
    await vi.waitFor(() => expect(ended).toHaveBeenCalledWith(meanwhile), { timeout: 10_000 });

    abort.abort();
    await engine.close();
  });

  describe('strangers', () => {
    it('a container that is not ours survives, even under the very name of an instance', async () => {
      const launcher = launcherWith();
      const spec = specOf({ does: 'serve' });
      const name = instanceName(installation, spec.instance_id);
      const stranger = await docker.createContainer({
        name,
        Image: image,
        Env: ['PROGRAM={"does":"serve"}'],
      });
      onTestFinished(() => stranger.remove({ force: true }) as Promise<void>);
      await stranger.start();

      await expect(launcher.launch(spec)).rejects.toThrow(/not ours; remove it with: docker rm -f/);
      await launcher.stop(spec.instance_id, 0);
      await launcher.remove(spec.instance_id);
      expect(await launcher.inspect(spec.instance_id)).toMatchObject({ state: 'absent' });
      expect(await launcher.logs(spec.instance_id, 10)).toEqual([]);
      expect((await stranger.inspect()).State.Running).toBe(true);
    });
  });

  it('limits the engine refuses are a refusal in its words', async () => {
    const limits = { memory_mb: 1, cpus: 1, pids: 64 };
    const refusal = launcherWith().launch(specOf({ does: 'serve' }, { limits }));
    await expect(refusal).rejects.toBeInstanceOf(LaunchRefusedError);
    await expect(refusal).rejects.toThrow(/memory limit/i);
  });

  describe('the network of instances', () => {
    it.each([1, 2, 3])('made by eight at once is one (round %i)', async () => {
      const own = `roost-test-${randomUUID()}`;
      onTestFinished(() => docker.getNetwork(own).remove() as Promise<void>);
      const made = await Promise.all(
        Array.from({ length: 8 }, () => launcherWith({ network: own }).ensureNetwork()),
      );
      const found = await docker.listNetworks({ filters: { name: [own] } });
      expect(found).toHaveLength(1);
      expect(new Set(made.map(({ id }) => id))).toEqual(new Set([found[0]?.Id]));
    });

    it.each([
      ['made by us keeps them out of each other’s reach', false],
      ['made by someone else may let them reach each other', true],
    ])('%s', async (_name, connected) => {
      const own = `roost-test-${randomUUID()}`;
      onTestFinished(() => docker.getNetwork(own).remove() as Promise<void>);
      if (connected) await docker.createNetwork({ Name: own, Driver: 'bridge' });
      const launcher = launcherWith({ network: own });
      const listener = await launched(launcher, { does: 'listen' });
      await untilLogged(launcher, listener, 'ready');
      const { NetworkSettings } = await docker.getContainer(instanceName(installation, listener)).inspect();
      const host = NetworkSettings.Networks[own]?.IPAddress ?? '';
      const caller = await launched(launcher, { does: 'reach', host, port: 8080 });
      await untilLogged(launcher, caller, 'ready');
      expect(await launcher.logs(caller, 2)).toEqual([connected ? 'reached' : 'not reached', 'ready']);
    });

    it('that someone else made is left as it is', async () => {
      const own = `roost-test-${randomUUID()}`;
      const made = await docker.createNetwork({ Name: own, Driver: 'bridge', Internal: true });
      onTestFinished(() => made.remove() as Promise<void>);
      expect(await launcherWith({ network: own }).ensureNetwork()).toMatchObject({ id: made.id });
    });

    it('is made by the first launch when it is absent', async () => {
      const own = `roost-test-${randomUUID()}`;
      const launcher = launcherWith({ network: own });
      const spec = specOf({ does: 'serve' });
      onTestFinished(async () => {
        await launcher.remove(spec.instance_id);
        await docker.getNetwork(own).remove();
      });
      await launcher.launch(spec);
      await until(launcher, spec.instance_id, { state: 'running' });
    });
  });
});
