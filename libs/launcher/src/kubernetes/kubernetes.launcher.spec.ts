import { KubernetesStandIn } from '@roost/testing';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { describeLauncher, launched, specOf, until, untilLogged } from '../conformance';
import { instanceName } from '../instance-name';
import { LaunchRefusedError, LauncherUnavailableError, NoRoomError } from '../launcher';
import { KubernetesLauncher } from './kubernetes.launcher';
import type { KubernetesLauncherOptions } from './kubernetes.options';

const PROGRAM = fileURLToPath(new URL('../conformance/program.mjs', import.meta.url));
const BUILD_HINT = 'docker compose build agent-runner-image';
const UNBUILT = 'roost-test/never-built:1';
const KUBELETS = 'a kubelet asks first and grants a second, whatever it is told';

const launcherAt = (server: string, part: Partial<KubernetesLauncherOptions> = {}): KubernetesLauncher =>
  new KubernetesLauncher({
    server,
    namespace: 'roost-agents',
    image: 'roost/agent-runner:latest',
    build_hint: BUILD_HINT,
    installation: 'ours',
    stop_grace_seconds: 30,
    ...part,
  });

const startCluster = async (): Promise<KubernetesStandIn> => {
  const cluster = await KubernetesStandIn.start({ command: [process.execPath, PROGRAM] });
  cluster.faults.images[UNBUILT] = { reason: 'ErrImagePull', message: `${UNBUILT}: not found` };
  return cluster;
};

describeLauncher(
  'the kubernetes launcher',
  async () => {
    const cluster = await startCluster();
    const silent = await startCluster();
    silent.faults.hang = /./;
    return {
      launcher: launcherAt(cluster.url),
      sibling: launcherAt(cluster.url),
      stranger: launcherAt(cluster.url, { installation: 'theirs' }),
      unbuilt: launcherAt(cluster.url, { image: UNBUILT }),
      build_hint: BUILD_HINT,
      unreachable: {
        'port closed': launcherAt('http://127.0.0.1:1'),
        'accepts and says nothing': launcherAt(silent.url, { call_timeout_ms: 300 }),
      },
      deadline_ms: 1000,
      close: async () => {
        await Promise.all([cluster.close(), silent.close()]);
      },
    };
  },
  { asks_before_every_kill: KUBELETS },
);

describe('the kubernetes launcher', { timeout: 60_000 }, () => {
  let cluster: KubernetesStandIn;
  let launcher: KubernetesLauncher;
  const podOf = (instance_id: string): string => instanceName('ours', instance_id);
  beforeAll(async () => {
    cluster = await startCluster();
    launcher = launcherAt(cluster.url);
  });
  afterAll(async () => {
    await launcher.close();
    await cluster.close();
  });
  const withFault = (part: Partial<KubernetesStandIn['faults']>): void => {
    const before = { ...cluster.faults };
    onTestFinished(() => void Object.assign(cluster.faults, before));
    Object.assign(cluster.faults, part);
  };
  const refusal = (part: Partial<KubernetesLauncherOptions> = {}): Promise<unknown> => {
    const spec = specOf({ does: 'serve' });
    onTestFinished(() => launcher.remove(spec.instance_id));
    return launcherAt(cluster.url, { call_timeout_ms: 500, ...part })
      .launch(spec)
      .catch((error: unknown) => error);
  };

  describe('names why an instance cannot be launched', () => {
    it('for now: the quota is used up', async () => {
      withFault({ pods_max: 0 });
      const error = await refusal();
      expect(error).toBeInstanceOf(NoRoomError);
      expect(String(error)).toMatch(/quota of the namespace roost-agents is used up: .*exceeded quota/);
    });

    it('for now: no node has room', async () => {
      withFault({ unschedulable: '0/3 nodes are available: 3 Insufficient memory.' });
      const error = await refusal();
      expect(error).toBeInstanceOf(NoRoomError);
      expect(String(error)).toMatch(/no node of the cluster has room.*Insufficient memory/);
    });

    it('for good: an admission plugin denies it', async () => {
      withFault({ denied: 'denied by policy: images must be signed' });
      const error = await refusal();
      expect(error).toBeInstanceOf(LaunchRefusedError);
      expect(String(error)).toContain('images must be signed');
    });

    it('for good: the registry has no such image; nothing is left to come to life later', async () => {
      const error = await refusal({ image: UNBUILT });
      expect(error).toBeInstanceOf(LaunchRefusedError);
      expect(await launcher.list()).toEqual([]);
    });

    it.each([
      ['for good: the name of the image is wrong', 'InvalidImageName', LaunchRefusedError],
      ['for now: the registry is away', 'ImagePullBackOff', LauncherUnavailableError],
    ])('%s', async (_name, reason, kind) => {
      withFault({ images: { 'some/image:1': { reason, message: 'dial tcp: i/o timeout' } } });
      const error = await refusal({ image: 'some/image:1' });
      expect(error).toBeInstanceOf(kind);
      expect(String(error)).toContain(reason);
    });
  });

  describe('names what befell an instance', () => {
    const running = async (): Promise<string> => {
      const id = await launched(launcher, { does: 'serve' });
      await untilLogged(launcher, id, 'ready');
      return id;
    };

    it('that went over its memory', async () => {
      const id = await running();
      cluster.kubelet.oomKill(podOf(id));
      await until(launcher, id, { state: 'exited', exit_code: 137, oom_killed: true });
    });

    it('that was evicted', async () => {
      const id = await running();
      cluster.kubelet.evict(podOf(id), 'The node was low on resource: memory.');
      await until(launcher, id, {
        state: 'exited',
        oom_killed: false,
        trouble: { kind: 'evicted', message: expect.stringContaining('low on resource: memory') },
      });
    });

    it('whose node was lost, and lets it be removed', async () => {
      const own = await startCluster();
      onTestFinished(() => own.close());
      const there = launcherAt(own.url);
      const id = await launched(there, { does: 'serve' });
      await untilLogged(there, id, 'ready');
      own.kubelet.loseNode('roost-agents');
      await until(there, id, { state: 'exited', exit_code: null, trouble: { kind: 'node_lost' } });
      await there.remove(id);
      expect(await there.inspect(id)).toMatchObject({ state: 'absent' });
    });
  });

  it('a lost answer to create ends in exactly one pod, started once', async () => {
    withFault({ lose_answer: /^POST/ });
    const spec = specOf({ does: 'serve' });
    onTestFinished(() => launcher.remove(spec.instance_id));
    await expect(launcher.launch(spec)).rejects.toBeInstanceOf(LauncherUnavailableError);
    await launcher.launch(spec).catch(() => undefined);
    cluster.faults.lose_answer = null;
    await launcher.launch(spec);
    await untilLogged(launcher, spec.instance_id, 'ready');
    expect(await launcher.logs(spec.instance_id, 10)).toEqual(['ready']);
    expect(await launcher.list()).toHaveLength(1);
  });

  describe('a watch', () => {
    const watching = async () => {
      const ended = vi.fn<(instance_id: string) => void>();
      const abort = new AbortController();
      onTestFinished(() => abort.abort());
      const seen = cluster.journal.length;
      launcher.watch(ended, abort.signal);
      const watches = (): number =>
        cluster.journal.slice(seen).filter((line) => line.includes('watch=true')).length;
      await vi.waitFor(() => expect(watches()).toBe(1));
      return { ended, watches };
    };

    it('that lost its connection tells of what was stopped and removed meanwhile', async () => {
      const [stopped, removed] = [
        await launched(launcher, { does: 'serve' }),
        await launched(launcher, { does: 'serve' }),
      ];
      const { ended } = await watching();
      withFault({ away: /watch=true/ });
      cluster.cutAll();
      await launcher.stop(stopped, 0);
      await launcher.remove(removed);
      cluster.faults.away = null;
      await vi.waitFor(() => {
        expect(ended).toHaveBeenCalledWith(stopped);
        expect(ended).toHaveBeenCalledWith(removed);
      });
    });

    it('goes on from where it was when its time is over, without listing anew', async () => {
      const { ended, watches } = await watching();
      const id = await launched(launcher, { does: 'serve' });
      const lists = (): number =>
        cluster.journal.filter((line) => /pods\?(?!.*watch=true)/.test(line)).length;
      const before = lists();
      cluster.endWatches();
      cluster.kubelet.oomKill(podOf(id));
      await vi.waitFor(() => expect(ended).toHaveBeenCalledWith(id));
      expect(watches()).toBeGreaterThanOrEqual(2);
      expect(lists()).toBe(before);
    });

    it('whose version is no longer kept (410) lists anew and misses nothing', async () => {
      const removed = await launched(launcher, { does: 'serve' });
      const { ended, watches } = await watching();
      cluster.endWatches();
      // Before the next watch asks for it: gone, and nothing remembers that it went.
      cluster.store.update('roost-agents', podOf(removed), ({ metadata }) => {
        Object.assign(metadata, { finalizers: [], deletionGracePeriodSeconds: 0 });
      });
      cluster.store.compact();
      await vi.waitFor(() => expect(ended).toHaveBeenCalledWith(removed));
      // The first, the one that was told 410, and the one after the list.
      await vi.waitFor(() => expect(watches()).toBe(3));
      const later = await launched(launcher, { does: 'exit', code: 0 });
      await vi.waitFor(() => expect(ended).toHaveBeenCalledWith(later));
    });
  });

  it('a log is followed over a socket that notices a server that is gone', async () => {
    const kept = vi.spyOn(Socket.prototype, 'setKeepAlive');
    onTestFinished(() => kept.mockRestore());
    const id = await launched(launcher, { does: 'serve' });
    const lines = launcher.follow(id, 1, new AbortController().signal);
    await lines.next();
    await lines.return();
    expect(kept).toHaveBeenCalledWith(true, 30_000);
  });

  it('a pod that is not ours survives, even under the very name of an instance', async () => {
    const spec = specOf({ does: 'serve' });
    const foreign = launcherAt(cluster.url);
    onTestFinished(() => foreign.remove(spec.instance_id));
    await foreign.launch(spec);
    const { namespace, name } = cluster.store.get('roost-agents', podOf(spec.instance_id)).metadata;
    cluster.store.update(namespace, name, ({ metadata }) => (metadata.annotations = {}));
    await expect(launcher.launch(spec)).rejects.toThrow(/not ours; remove it with: kubectl/);
    await launcher.stop(spec.instance_id, 0);
    await launcher.remove(spec.instance_id);
    expect(await launcher.inspect(spec.instance_id)).toMatchObject({ state: 'absent' });
    expect(cluster.store.get(namespace, name).metadata.deletionTimestamp).toBeUndefined();
  });
});
