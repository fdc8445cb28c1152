/**
 * What creates and removes runner instances. Speaks of instances, never of containers or pods.
 *
 * Every call takes an `AbortSignal` or ends by itself within the launcher's call deadline; a call that could
 * not learn the answer throws {@link LauncherUnavailableError} and never reports an instance as gone.
 */
export interface Launcher {
  readonly kind: 'docker' | 'kubernetes' | 'process' | 'memory';

  /**
   * Creates and starts one instance. Repeating a call with the same `instance_id` is harmless: an instance that
   * exists already is started if it was only created, and left alone if it runs or has ended.
   *
   * @throws {LaunchRefusedError} the platform will not start this instance however often it is asked
   *   (image missing, limits refused); its message tells the operator what to do.
   * @throws {NoRoomError} the platform cannot place this instance now; a later launch of it may succeed.
   * @throws {LauncherUnavailableError} the platform did not answer; the instance may or may not exist.
   */
  launch(spec: InstanceSpec): Promise<void>;

  /**
   * Asks the instance to end (SIGTERM), kills it after `grace_seconds`, and resolves when it no longer runs.
   * `grace_seconds: 0` kills at once. An absent or ended instance counts as stopped.
   */
  stop(instance_id: string, grace_seconds: number): Promise<void>;

  /** Removes an instance and its logs, running or not. An absent one counts as removed. */
  remove(instance_id: string): Promise<void>;

  /** What the platform knows of one instance; `absent` only when the platform said so. */
  inspect(instance_id: string): Promise<InstanceObservation>;

  /** Every instance that carries our label, of any manager, running or ended. */
  list(): Promise<PresentInstance[]>;

  /** The last `tail` lines of the instance's standard output and error, oldest first; empty when absent. */
  logs(instance_id: string, tail: number): Promise<string[]>;

  /**
   * The last `tail` lines (none for 0), then each line as it is written, until the instance has ended or is absent,
   * `signal` aborts or the launcher is closed. Reads no further than it is asked to: who reads slowly costs no
   * memory. Lines of more than 64 KiB come in pieces. Who leaves before the end returns the generator, as `for await` does.
   *
   * @throws {LauncherUnavailableError} the platform did not answer, or the connection to it was cut.
   */
  follow(instance_id: string, tail: number, signal: AbortSignal): AsyncGenerator<string, void>;

  /**
   * Calls `listener` when an instance ended or vanished. A hint only: events may be missed or repeated, so the
   * listener looks for itself. Reconnects with backoff until `signal` aborts.
   */
  watch(listener: (instance_id: string) => void, signal: AbortSignal): void;

  /** Resolves when the platform answers. @throws {LauncherUnavailableError} */
  ping(): Promise<void>;

  /** Ends watching and frees handles. Instances go on. */
  close(): Promise<void>;
}

export interface InstanceSpec {
  /** Chosen before creation, never reused; name and labels carry it. */
  instance_id: string;
  /** Null for a member of the warm pool: whose instance it becomes is decided later and not known to the platform. */
  agent_id: string | null;
  /** The agent's generation this instance belongs to, from 1; null where `agent_id` is. */
  generation: number | null;
  limits: InstanceLimits;
  /** The whole environment of the instance; holds no lasting secret. */
  env: Record<string, string>;
}

export interface InstanceLimits {
  /** MiB of memory; swap is not granted on top. */
  memory_mb: number;
  /** Processor share, in cores: 0.5 is half of one. */
  cpus: number;
  /** Processes and threads. */
  pids: number;
}

export interface PresentInstance {
  instance_id: string;
  /** What it was launched with: null for one that was a member of the warm pool, also after it was given an agent. */
  agent_id: string | null;
  generation: number | null;
  state: 'created' | 'running' | 'exited';
  /** RFC 3339, by the platform's clock. */
  created_at: string;
  started_at: string | null;
  ended_at: string | null;
  /** Only when `exited`; null when the platform does not know it. */
  exit_code: number | null;
  /** True when the platform says that the memory limit ended it. */
  oom_killed: boolean;
  /** Only when the platform itself is why the instance ended, however it ended. */
  trouble?: InstanceTrouble;
}

/** What befell an instance that is no fault of its own. */
export interface InstanceTrouble {
  /** `evicted`: the platform took it away for lack of resources. `node_lost`: what it ran on is gone. */
  kind: 'evicted' | 'node_lost';
  /** In the platform's words, for the operator. */
  message: string;
}

export type InstanceObservation = PresentInstance | { instance_id: string; state: 'absent' };

/** The platform refuses this instance for good. `message` names the remedy. */
export class LaunchRefusedError extends Error {
  override readonly name = 'LaunchRefusedError';
}

/** The platform gave no answer in time; nothing is known of the instance. */
export class LauncherUnavailableError extends Error {
  override readonly name: string = 'LauncherUnavailableError';
}

/** The platform answered, and has no room for this instance now: a quota is used up, or no node fits. */
export class NoRoomError extends LauncherUnavailableError {
  override readonly name = 'NoRoomError';
}
