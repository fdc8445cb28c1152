import type { InstanceObservation, InstanceSpec, Launcher, PresentInstance } from '@roost/launcher';
import type { LauncherMetrics } from '../metrics/launcher.metrics';

/** Times the calls of another launcher. */
export class MeteredLauncher implements Launcher {
  constructor(
    readonly platform: Launcher,
    private readonly metrics: LauncherMetrics,
  ) {}

  get kind(): Launcher['kind'] {
    return this.platform.kind;
  }

  launch(spec: InstanceSpec): Promise<void> {
    return this.metrics.time('launch', () => this.platform.launch(spec));
  }

  stop(instance_id: string, grace_seconds: number): Promise<void> {
    return this.metrics.time('stop', () => this.platform.stop(instance_id, grace_seconds));
  }

  remove(instance_id: string): Promise<void> {
    return this.metrics.time('remove', () => this.platform.remove(instance_id));
  }

  inspect(instance_id: string): Promise<InstanceObservation> {
    return this.metrics.time('inspect', () => this.platform.inspect(instance_id));
  }

  list(): Promise<PresentInstance[]> {
    return this.metrics.time('list', () => this.platform.list());
  }

  logs(instance_id: string, tail: number): Promise<string[]> {
    return this.metrics.time('logs', () => this.platform.logs(instance_id, tail));
  }

  /** Not timed: it lasts as long as whoever reads. */
  follow(instance_id: string, tail: number, signal: AbortSignal): AsyncGenerator<string, void> {
    return this.platform.follow(instance_id, tail, signal);
  }

  watch(listener: (instance_id: string) => void, signal: AbortSignal): void {
    this.platform.watch(listener, signal);
  }

  ping(): Promise<void> {
    return this.metrics.time('ping', () => this.platform.ping());
  }

  close(): Promise<void> {
    return this.platform.close();
  }
}
