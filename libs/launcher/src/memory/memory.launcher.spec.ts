import { describe, expect, it, vi } from 'vitest';
import { describeLauncher, pretendProgram, specOf } from '../conformance';
import { MemoryLauncher } from './memory.launcher';

const BUILD_HINT = 'npm run build';

describeLauncher('the memory launcher', () => {
  const launcher = new MemoryLauncher({ onLaunch: pretendProgram });
  const unbuilt = new MemoryLauncher();
  unbuilt.launch_fault = { kind: 'refuse', message: `nothing to run; build it with: ${BUILD_HINT}` };
  const unreachable = new MemoryLauncher();
  unreachable.unavailable = true;
  return Promise.resolve({
    launcher,
    sibling: launcher,
    stranger: new MemoryLauncher({ onLaunch: pretendProgram }),
    unbuilt,
    build_hint: BUILD_HINT,
    unreachable: { unavailable: unreachable },
    deadline_ms: 1000,
    close: () => launcher.close(),
  });
});

describe('the memory launcher lets a test', () => {
  it('end an instance by name of its cause', async () => {
    const launcher = new MemoryLauncher();
    await launcher.launch(specOf({ does: 'serve' }, { instance_id: 'i1' }));
    launcher.instance('i1').oomKill();
    expect(await launcher.inspect('i1')).toMatchObject({ state: 'exited', exit_code: 137, oom_killed: true });
  });

  it('run something in place of the runner', async () => {
    const onLaunch = vi.fn();
    const launcher = new MemoryLauncher({ onLaunch });
    const spec = specOf({ does: 'serve' });
    await launcher.launch(spec);
    await launcher.launch(spec);
    expect(onLaunch).toHaveBeenCalledExactlyOnceWith(spec, launcher.instance(spec.instance_id));
  });

  it('hang a launch, which starts nothing', async () => {
    const launcher = new MemoryLauncher({ call_timeout_ms: 5 });
    launcher.launch_fault = { kind: 'hang' };
    await expect(launcher.launch(specOf({ does: 'serve' }))).rejects.toThrow('no answer within 5 ms');
    expect(await launcher.list()).toEqual([]);
  });

  it('lose the answer of a launch, which a repeated launch makes good', async () => {
    const launcher = new MemoryLauncher();
    const spec = specOf({ does: 'serve' });
    launcher.launch_fault = { kind: 'lose_answer' };
    await expect(launcher.launch(spec)).rejects.toThrow('the answer was lost');
    launcher.launch_fault = null;
    await launcher.launch(spec);
    expect(await launcher.list()).toHaveLength(1);
  });
});
