import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { describeLauncher, launched, specOf, until, untilLogged } from '../conformance';
import { InstanceRecords } from './instance-records';
import { identify } from './process-identity';
import { ProcessLauncher } from './process.launcher';
import type { ProcessLauncherOptions } from './process.options';

const ENTRY = fileURLToPath(new URL('../conformance/program.mjs', import.meta.url));
const BUILD_HINT = 'npm run build:runner';

const launcherIn = (state_dir: string, part: Partial<ProcessLauncherOptions> = {}): ProcessLauncher =>
  new ProcessLauncher({ production: false, entry: ENTRY, build_hint: BUILD_HINT, state_dir, ...part });

const temporaryFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'process-launcher-'));

describeLauncher('the process launcher', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'a-file'), '');
  const ours = join(folder, 'ours');
  const launchers = {
    launcher: launcherIn(ours),
    sibling: launcherIn(ours),
    stranger: launcherIn(join(folder, 'stranger')),
    unbuilt: launcherIn(ours, { entry: join(folder, 'never-built.js') }),
  };
  const unreachable = launcherIn(join(folder, 'a-file', 'state'));
  return {
    ...launchers,
    build_hint: BUILD_HINT,
    unreachable: { 'state folder cannot be made': unreachable },
    deadline_ms: 5000,
    close: async () => {
      await Promise.all([...Object.values(launchers), unreachable].map((one) => one.close()));
      await rm(folder, { recursive: true });
    },
  };
});

describe('the process launcher', { timeout: 60_000 }, () => {
  let state_dir: string;
  let launcher: ProcessLauncher;
  beforeAll(async () => {
    state_dir = await temporaryFolder();
    launcher = launcherIn(state_dir);
  });
  afterAll(async () => {
    await launcher.close();
    await rm(state_dir, { recursive: true });
  });

  it('refuses to exist in production', () => {
    expect(() => launcherIn(state_dir, { production: true })).toThrow(
      /NODE_ENV=production; use the docker launcher/,
    );
  });

  it('gives an instance its environment and PATH, and nothing of the manager', async () => {
    const env = { ...specOf({ does: 'report' }).env, AGENT_ID: 'a1' };
    const id = await launched(launcher, { does: 'report' }, { env });
    await untilLogged(launcher, id, 'ready');
    const [report] = await launcher.logs(id, 2);
    expect(JSON.parse(report ?? '')).toMatchObject({ env: ['AGENT_ID', 'PATH', 'PROGRAM'] });
  });

  it('calls an exhausted heap what it is', async () => {
    const id = await launched(
      launcher,
      { does: 'hog', memory: 'heap' },
      { limits: { memory_mb: 32, cpus: 1, pids: 64 } },
    );
    await until(launcher, id, { state: 'exited', exit_code: 134, oom_killed: true });
  });

  it('ends what an instance started together with it', async () => {
    const folder = await temporaryFolder();
    const entry = join(folder, 'parent.mjs');
    await writeFile(
      entry,
      `import { spawn } from 'node:child_process';
       const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' });
       child.once('spawn', () => console.log('child ' + child.pid));`,
    );
    const parents = launcherIn(state_dir, { entry });
    const id = await launched(parents, { does: 'serve' });
    const child = await vi.waitFor(async () => {
      const pid = Number((await parents.logs(id, 1))[0]?.split(' ')[1]);
      expect(pid).toBeGreaterThan(0);
      return pid;
    });
    await parents.stop(id, 30);
    await vi.waitFor(() => expect(identify(child)).toBeUndefined());
    await parents.close();
    await rm(folder, { recursive: true });
  });

  it('finds the instances of a manager that was killed, without an exit code for those that ended since', async () => {
    const manager = spawn(
      process.execPath,
      [
        '--import',
        'tsx',
        fileURLToPath(new URL('./doomed-manager.fixture.ts', import.meta.url)),
        ENTRY,
        state_dir,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [line] = (await once(manager.stdout.setEncoding('utf8'), 'data')) as [string];
    const [lives, dies] = JSON.parse(line) as [string, string];
    onTestFinished(async () => {
      await Promise.all([launcher.remove(lives), launcher.remove(dies)]);
    });
    manager.kill('SIGKILL');
    await once(manager, 'exit');

    await until(launcher, lives, { state: 'running' });
    const ended = vi.fn();
    const abort = new AbortController();
    launcher.watch(ended, abort.signal);
    await launcher.stop(dies, 0);
    await until(launcher, dies, { state: 'exited', exit_code: null });
    await vi.waitFor(() => expect(ended).toHaveBeenCalledWith(dies), { timeout: 5000 });
    abort.abort();
    await launcher.stop(lives, 30);
    expect(await launcher.logs(lives, 1)).toEqual(['SIGTERM']);
  });

  it('finds a process whose manager was killed before it noted its number, and sees its end', async () => {
    const id = await launched(launcher, { does: 'serve' });
    await untilLogged(launcher, id, 'ready');
    const records = new InstanceRecords(state_dir);
    const { pid } = (await records.read(id))?.process ?? { pid: 0 };
    const record = await records.read(id);
    const next = launcherIn(state_dir, { note_ms: 200 });
    onTestFinished(() => next.close());
    if (record) records.writeNow({ ...record, process: null, started_at: null });

    expect(await next.inspect(id)).toMatchObject({ state: 'running' });
    const ended = vi.fn();
    next.watch(ended, AbortSignal.timeout(30_000));
    // By its own manager's note it would be known.
    await launcher.close();
    await next.stop(id, 0);
    expect(identify(pid)).toBeUndefined();
    if (record) records.writeNow({ ...record, process: null, started_at: null });
    // Its first launcher, which has the same process for a parent here, may have noted the code by now.
    await until(next, id, { state: 'exited' });
    await vi.waitFor(() => expect(ended).toHaveBeenCalledWith(id), { timeout: 5_000 });
    await next.remove(id);
  });

  it('never takes a stranger that got the same process number for its instance', async () => {
    const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], {
      detached: true,
      stdio: 'ignore',
    });
    await once(stranger, 'spawn');
    const pid = stranger.pid ?? 0;
    const records = new InstanceRecords(state_dir);
    const record = await records.claim(specOf({ does: 'serve' }));
    records.writeNow({ ...record, process: { pid, started: 'an earlier process' } });

    await until(launcher, record.instance_id, { state: 'exited', exit_code: null });
    await launcher.stop(record.instance_id, 0);
    await launcher.remove(record.instance_id);
    expect(identify(pid)).toBeDefined();
    stranger.kill('SIGKILL');
  });
});
