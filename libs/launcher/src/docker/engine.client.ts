import { Agent } from 'node:http';
import { Readable } from 'node:stream';
import Docker from 'dockerode';
import { withDeadline } from '../deadline';
import { LauncherUnavailableError } from '../launcher';
import { engineAddress } from './engine-address';
import type { ResolvedDockerOptions } from './docker.options';

/**
 * The engine answered a call with an error. A caller that knows what the status means for its call handles it;
 * for every other caller it is one more reason why nothing is known.
 */
export class EngineAnswerError extends LauncherUnavailableError {
  constructor(
    readonly status: number,
    readonly answer: string,
    call: string,
  ) {
    super(`the Docker Engine answered ${status} to "${call}": ${answer}`);
  }
}

/** The engine's API with a deadline on every call and errors in the port's words. */
export class EngineClient {
  readonly docker: Docker;
  readonly #agent: Agent;

  constructor(private readonly options: Pick<ResolvedDockerOptions, 'docker_host' | 'call_timeout_ms'>) {
    // A connection a call: a kept one may be closed by the engine or a proxy just as the next call is written.
    this.#agent = new Agent({ keepAlive: false });
    const address = { socketPath: undefined, host: undefined, ...engineAddress(options.docker_host) };
    const settings: Docker.DockerOptions & { agent: Agent } = {
      ...address,
      protocol: 'http',
      agent: this.#agent,
    };
    this.docker = new Docker(settings);
  }

  /**
   * @param call names the call in messages
   * @param extra_ms what the engine may take beyond the usual deadline, as when it waits for a container to end
   * @throws {EngineAnswerError} the engine answered with an error
   * @throws {LauncherUnavailableError} it did not answer
   */
  async call<T>(call: string, send: (signal: AbortSignal) => Promise<T>, extra_ms = 0): Promise<T> {
    const ms = this.options.call_timeout_ms + extra_ms;
    try {
      return await withDeadline(ms, send, () => this.#unavailable(call, `no answer within ${ms} ms`));
    } catch (error) {
      throw this.explained(call, error);
    }
  }

  /** Like {@link call}, with undefined in place of answers that mean "already so" for this call. */
  async callTolerating<T>(
    statuses: readonly number[],
    call: string,
    send: (signal: AbortSignal) => Promise<T>,
    extra_ms = 0,
  ): Promise<T | undefined> {
    try {
      return await this.call(call, send, extra_ms);
    } catch (error) {
      if (error instanceof EngineAnswerError && statuses.includes(error.status)) return undefined;
      throw error;
    }
  }

  /** A GET whose answer is streamed: dockerode itself has no such form for logs, nor an abortable ping. */
  stream(path: string, query: Record<string, unknown>, abortSignal: AbortSignal): Promise<Readable> {
    const request = {
      path: `${path}?`,
      method: 'GET',
      isStream: true,
      statusCodes: { 200: true },
      options: query,
      abortSignal,
    };
    return new Promise((resolve, reject) => {
      this.docker.modem.dial(request, (error: Error | null, answer: unknown) => {
        if (answer instanceof Readable) resolve(answer);
        else reject(error ?? new Error('the answer is not a stream'));
      });
    });
  }

  close(): void {
    this.#agent.destroy();
  }

  /** What a failed call means, in the port's words. */
  explained(call: string, error: unknown): Error {
    if (error instanceof LauncherUnavailableError) return error;
    if (isAnswer(error))
      return new EngineAnswerError(error.statusCode, error.json?.message ?? error.message, call);
    return this.#unavailable(call, error instanceof Error ? error.message : String(error));
  }

  #unavailable(call: string, why: string): LauncherUnavailableError {
    return new LauncherUnavailableError(
      `the Docker Engine at ${this.options.docker_host} did not answer "${call}" (${why}); ` +
        'check that it runs and that DOCKER_HOST is right',
    );
  }
}

function isAnswer(
  error: unknown,
): error is Error & { statusCode: number; json?: { message?: string } | null } {
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number';
}
