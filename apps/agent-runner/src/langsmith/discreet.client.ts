import { Client } from 'langsmith/client';

/** What one run was, as far as it is told. */
interface Told {
  extra?: Record<string, unknown>;
  error?: string;
}

/**
 * LangSmith's client, which tells nothing that only the runner may know. LangChain hands tracers all options of a call,
 * and among LangGraph's is the context of the run: keys, secrets and credentials. Tracers are copied on their way, so
 * that this is the one place which everything passes.
 */
export class DiscreetClient extends Client {
  constructor(
    private readonly hides: boolean,
    ...config: ConstructorParameters<typeof Client>
  ) {
    super(...config);
  }

  override createRun(...[run, options]: Parameters<Client['createRun']>): Promise<void> {
    return super.createRun({ ...run, ...this.told(run) }, options);
  }

  override updateRun(...[run_id, run, options]: Parameters<Client['updateRun']>): Promise<void> {
    return super.updateRun(run_id, { ...run, ...this.told(run) }, options);
  }

  /** Where something is hidden, errors are hidden as well: their messages may quote people and models. */
  private told({ extra: { metadata, invocation_params } = {}, error }: Told) {
    return {
      serialized: {},
      extra: { metadata, invocation_params },
      ...(this.hides && error !== undefined ? { error: 'hidden' } : {}),
    };
  }
}
