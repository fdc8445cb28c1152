import {
  ApiException,
  type ConfigurationOptions,
  CoreV1Api,
  KubeConfig,
  type ObservableMiddleware,
  setHeaderMiddleware,
} from '@kubernetes/client-node';
import { withDeadline } from '../deadline';
import { LauncherUnavailableError } from '../launcher';
import type { ResolvedKubernetesOptions } from './kubernetes.options';

/** The API server answered a call with an error, in the words of its `Status`. */
export class ClusterAnswerError extends LauncherUnavailableError {
  constructor(
    readonly status: number,
    readonly answer: string,
    call: string,
  ) {
    super(`the Kubernetes API server answered ${status} to "${call}": ${answer}`);
  }
}

export type CallOptions = ConfigurationOptions;

type ClientOptions = Pick<ResolvedKubernetesOptions, 'server' | 'context' | 'call_timeout_ms'>;

/** The API of pods with a deadline on every call and errors in the port's words. */
export class ClusterClient {
  readonly config = new KubeConfig();
  readonly pods: CoreV1Api;

  /** @throws {Error} when the kubeconfig cannot be read or has no such context; the cluster is not called yet. */
  constructor(private readonly options: ClientOptions) {
    if (options.server === undefined) this.config.loadFromDefault();
    else
      this.config.loadFromClusterAndUser(
        { name: 'given', server: options.server, skipTLSVerify: options.server.startsWith('http:') },
        { name: 'nobody' },
      );
    if (options.context !== undefined) {
      if (!this.config.getContextObject(options.context)) {
        throw new Error(`the kubeconfig has no context ${options.context}; see: kubectl config get-contexts`);
      }
      this.config.setCurrentContext(options.context);
    }
    this.pods = this.config.makeApiClient(CoreV1Api);
  }

  /**
   * @param call names the call in messages
   * @throws {ClusterAnswerError} the API server answered with an error
   * @throws {LauncherUnavailableError} it did not answer
   */
  async call<T>(call: string, send: (options: CallOptions, signal: AbortSignal) => Promise<T>): Promise<T> {
    const ms = this.options.call_timeout_ms;
    try {
      return await withDeadline(
        ms,
        (signal) => send(abortedBy(signal), signal),
        () => this.#unavailable(call, `no answer within ${ms} ms`),
      );
    } catch (error) {
      throw this.explained(call, error);
    }
  }

  /** Like {@link call}, with undefined in place of answers that mean "already so" for this call. */
  async callTolerating<T>(
    statuses: readonly number[],
    call: string,
    send: (options: CallOptions, signal: AbortSignal) => Promise<T>,
  ): Promise<T | undefined> {
    try {
      return await this.call(call, send);
    } catch (error) {
      if (error instanceof ClusterAnswerError && statuses.includes(error.status)) return undefined;
      throw error;
    }
  }

  explained(call: string, error: unknown): Error {
    if (error instanceof LauncherUnavailableError) return error;
    if (error instanceof ApiException) return new ClusterAnswerError(error.code, answerIn(error.body), call);
    return this.#unavailable(call, error instanceof Error ? error.message : String(error));
  }

  #unavailable(call: string, why: string): LauncherUnavailableError {
    return new LauncherUnavailableError(
      `the Kubernetes API server at ${this.config.getCurrentCluster()?.server ?? 'no address'} did not answer ` +
        `"${call}" (${why}); check that it runs and that KUBECONFIG is right`,
    );
  }
}

/** The client's middleware answers in its own, unexported promises: those of a middleware it makes are passed on. */
const passOn = setHeaderMiddleware('Accept', 'application/json');

function abortedBy(signal: AbortSignal): CallOptions {
  const middleware: ObservableMiddleware = {
    pre: (request) => {
      request.setSignal(signal);
      return passOn.pre(request);
    },
    post: passOn.post,
  };
  return { middleware: [middleware], middlewareMergeStrategy: 'append' };
}

function answerIn(body: unknown): string {
  const status: unknown = typeof body === 'string' ? parsed(body) : body;
  if (typeof status === 'object' && status !== null && 'message' in status) return String(status.message);
  return typeof body === 'string' ? body : JSON.stringify(body);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
