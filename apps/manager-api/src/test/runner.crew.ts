import type { InstanceEnvironment } from '@roost/contracts';
import type { ManagerHarness } from './manager.harness';
import { TestRunner } from './test.runner';

/** Plays the runner of every instance that is launched, `boot_ms` after its launch; each answers so many messages. */
export class RunnerCrew {
  /** Agents in the order of their launches. */
  readonly launched: string[] = [];
  private readonly known = new Set<string>();
  /** Launched and not ready yet. */
  private booting = 0;
  private readonly runners: TestRunner[] = [];
  private readonly underWay = new Set<Promise<void>>();
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly harness: ManagerHarness,
    private readonly options: {
      boot_ms?: number;
      answers?: number;
      onBooting?: (booting: number) => void;
    } = {},
  ) {
    this.timer = setInterval(() => void this.look(), 5);
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await Promise.allSettled(this.underWay);
    for (const runner of this.runners) runner.close();
  }

  private async look(): Promise<void> {
    for (const { instance_id, state } of await this.harness.launcher.list()) {
      if (state !== 'running' || this.known.has(instance_id)) continue;
      this.known.add(instance_id);
      const env = this.harness.launcher.instance(instance_id).spec.env as unknown as InstanceEnvironment;
      this.launched.push(env.AGENT_ID);
      this.options.onBooting?.((this.booting += 1));
      const done = this.play(env).finally(() => this.underWay.delete(done));
      this.underWay.add(done);
    }
  }

  private async play(env: InstanceEnvironment): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, this.options.boot_ms ?? 20));
    this.booting -= 1;
    const runner = await TestRunner.join(this.harness, env).catch(() => null);
    if (!runner) return;
    this.runners.push(runner);
    for (let left = this.options.answers ?? 0; left > 0; left -= 1) {
      const entry = await runner.next();
      await runner.report(entry, `answer to ${entry.content}`);
    }
  }
}
