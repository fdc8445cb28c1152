import type { ManagedChild } from '@roost/devstack';
import type { LocalConfig } from './config';
import type { Paths } from './paths';
import type { LocalSecrets } from './secrets.store';

/** What services are given, and where each leaves what later ones need. */
export interface StackContext {
  readonly paths: Paths;
  readonly config: LocalConfig;
  readonly secrets: LocalSecrets;
  /** The environment of the apps: the shell's, with what services added. */
  readonly env: NodeJS.ProcessEnv;
}

/** One row of the stack. */
export interface Service {
  label: string;
  /** Resolves when it serves; nothing to stop for a step that ends by itself. */
  start(stack: StackContext): Promise<RunningService | null>;
}

export interface RunningService {
  stop(): Promise<void>;
  /** Its process, when it is one: the stack ends if that ends by itself. */
  child?: ManagedChild;
}

/** A service did not do its part; the message shows the last lines of its log. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';

  constructor(what: string, child: ManagedChild) {
    const how = child.exit?.signal ?? `exit code ${child.exit?.code ?? '?'}`;
    super(`${what} (${how}). Its last lines:\n${child.tail(40)}`);
  }
}
