import { anySignal } from 'any-signal';
import { InFlight } from '../in-flight';
import { instanceName } from '../instance-name';
import {
  LaunchRefusedError,
  LauncherUnavailableError,
  type InstanceObservation,
  type InstanceSpec,
  type Launcher,
  type PresentInstance,
} from '../launcher';
import { containerBody, type ContainerBody } from './container-body';
import { ofInstallation, ofInstance } from './container-labels';
import { containerLogs, followContainer } from './container-logs';
import { presentInstance } from './container-state';
import { resolveOptions, type DockerLauncherOptions, type ResolvedDockerOptions } from './docker.options';
import { EngineAnswerError, EngineClient } from './engine.client';
import { watchEnds } from './engine-events';
import { ensureNetwork, type RunnersNetwork } from './runners-network';

const INSPECTIONS_AT_ONCE = 16;

/** Instances as hardened containers of one Docker Engine. */
export class DockerLauncher implements Launcher {
  readonly kind = 'docker';
  readonly #options: ResolvedDockerOptions;
  readonly #engine: EngineClient;
  readonly #launches = new InFlight();
  readonly #closed = new AbortController();

  /** @throws {Error} when `docker_host` is not an address; the engine itself is not called yet. */
  constructor(options: DockerLauncherOptions) {
    this.#options = resolveOptions(options);
    this.#engine = new EngineClient(this.#options);
  }

  launch(spec: InstanceSpec): Promise<void> {
    return this.#launches.once(spec.instance_id, async () => {
      const name = this.#nameOf(spec.instance_id);
      if ((await this.#create(name, spec)) === 'created') await this.#start(name);
    });
  }

  async stop(instance_id: string, grace_seconds: number): Promise<void> {
    const name = this.#nameOf(instance_id);
    if ((await this.#find(name))?.state !== 'running') return;
    const container = this.#engine.docker.getContainer(name);
    await this.#engine.callTolerating(
      [304, 404, 409],
      `stop ${name}`,
      (abortSignal) =>
        grace_seconds > 0
          ? container.stop({ t: Math.ceil(grace_seconds), abortSignal })
          : container.kill({ signal: 'SIGKILL', abortSignal }),
      grace_seconds * 1000,
    );
    if ((await this.#find(name))?.state === 'running') {
      throw new LauncherUnavailableError(
        `${name} still runs after the engine was asked to end it; try again`,
      );
    }
  }

  async remove(instance_id: string): Promise<void> {
    // By its labels, as it is listed: whatever it is called by now.
    for (const { Id } of await this.#listLabelled(ofInstance(instance_id))) {
      await this.#engine.callTolerating([404, 409], `remove ${instance_id}`, (abortSignal) =>
        this.#engine.docker.getContainer(Id).remove({ force: true, v: true, abortSignal }),
      );
    }
  }

  async inspect(instance_id: string): Promise<InstanceObservation> {
    return (await this.#find(this.#nameOf(instance_id))) ?? { instance_id, state: 'absent' };
  }

  async list(): Promise<PresentInstance[]> {
    const containers = await this.#listLabelled();
    const present: PresentInstance[] = [];
    for (let from = 0; from < containers.length; from += INSPECTIONS_AT_ONCE) {
      const batch = containers.slice(from, from + INSPECTIONS_AT_ONCE);
      const found = await Promise.all(batch.map(({ Id }) => this.#find(Id)));
      present.push(...found.filter((instance) => instance !== undefined));
    }
    return present;
  }

  async logs(instance_id: string, tail: number): Promise<string[]> {
    const name = this.#nameOf(instance_id);
    return (await this.#find(name)) ? containerLogs(this.#engine, name, tail) : [];
  }

  async *follow(instance_id: string, tail: number, signal: AbortSignal): AsyncGenerator<string, void> {
    const name = this.#nameOf(instance_id);
    if (!(await this.#find(name))) return;
    const until = anySignal([signal, this.#closed.signal]);
    try {
      yield* followContainer(this.#engine, name, tail, until);
    } finally {
      until.clear();
    }
  }

  watch(listener: (instance_id: string) => void, signal: AbortSignal): void {
    const until = anySignal([signal, this.#closed.signal]);
    void watchEnds(this.#engine, this.#options.installation, listener, until);
  }

  async ping(): Promise<void> {
    await this.#engine.call('ping', async (signal) => {
      (await this.#engine.stream('/_ping', {}, signal)).resume();
    });
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.#engine.close();
    return Promise.resolve();
  }

  /** Makes the instances' network when it is absent; launching does so too. @throws {LauncherUnavailableError} */
  ensureNetwork(): Promise<RunnersNetwork> {
    return ensureNetwork(this.#engine, this.#options.network, this.#options.installation);
  }

  async #create(name: string, spec: InstanceSpec): Promise<PresentInstance['state']> {
    // dockerode would repeat a plain body in the query string, and with it the environment in proxies' logs.
    const request: { _query: { name: string }; _body: ContainerBody } = {
      _query: { name },
      _body: containerBody(spec, this.#options),
    };
    try {
      await this.#engine.call(`create ${name}`, (abortSignal) =>
        this.#engine.docker.createContainer({ ...request, abortSignal }),
      );
      return 'created';
    } catch (error) {
      if (error instanceof EngineAnswerError && error.status === 409) return this.#stateOfTaken(name);
      throw this.#refusalIn(error);
    }
  }

  /** The name is taken: by an earlier launch of this instance whose answer was lost, or by a stranger. */
  async #stateOfTaken(name: string): Promise<PresentInstance['state']> {
    const container = await this.#inspect(name);
    if (!container) throw new LauncherUnavailableError(`the engine is still removing ${name}; try again`);
    const instance = presentInstance(container, this.#options.installation);
    if (instance) return instance.state;
    throw new LaunchRefusedError(
      `the name ${name} is taken by a container that is not ours; remove it with: docker rm -f ${name}`,
    );
  }

  async #start(name: string): Promise<void> {
    const start = (): Promise<unknown> =>
      this.#engine.callTolerating([304], `start ${name}`, (abortSignal) =>
        this.#engine.docker.getContainer(name).start({ abortSignal }),
      );
    try {
      await start().catch(async (error: unknown) => {
        if (!isMissingNetwork(error)) throw error;
        await this.ensureNetwork().catch((refusal: unknown) => {
          // An engine behind a proxy lets no manager make networks: what is missing says more than that.
          throw isForbidden(refusal) ? error : refusal;
        });
        await start();
      });
    } catch (error) {
      throw this.#refusalIn(error);
    }
  }

  #refusalIn(error: unknown): unknown {
    if (!(error instanceof EngineAnswerError) || !isForGood(error.status)) return error;
    return new LaunchRefusedError(this.#remedyFor(error), { cause: error });
  }

  #remedyFor(error: EngineAnswerError): string {
    const { image, build_hint, network } = this.#options;
    if (/no such image/i.test(error.answer))
      return `the runner's image ${image} is missing; build it with: ${build_hint}`;
    if (isMissingNetwork(error))
      return `the runners' network ${network} is missing; make it again as it was made, in compose with: docker compose up -d`;
    return `the Docker Engine refuses this instance: ${error.answer}`;
  }

  async #find(name: string): Promise<PresentInstance | undefined> {
    const container = await this.#inspect(name);
    return container && presentInstance(container, this.#options.installation);
  }

  #listLabelled(...labels: string[]): Promise<{ Id: string }[]> {
    return this.#engine.call('list containers', (abortSignal) =>
      this.#engine.docker.listContainers({
        all: true,
        filters: { label: [ofInstallation(this.#options.installation), ...labels] },
        abortSignal,
      }),
    );
  }

  #inspect(name: string) {
    return this.#engine.callTolerating([404], `inspect ${name}`, (abortSignal) =>
      this.#engine.docker.getContainer(name).inspect({ abortSignal }),
    );
  }

  #nameOf(instance_id: string): string {
    return instanceName(this.#options.installation, instance_id);
  }
}

const isForGood = (status: number): boolean =>
  status >= 400 && status < 500 && status !== 408 && status !== 429;

const isForbidden = (error: unknown): boolean => error instanceof EngineAnswerError && error.status === 403;

const isMissingNetwork = (error: unknown): boolean =>
  error instanceof EngineAnswerError && error.status === 404 && /network .*not found/i.test(error.answer);
