import { ExitError } from './exit.codes';

/** What Redis answers an instance whose user was deleted. */
const REVOKED = /\b(NOPERM|NOAUTH|WRONGPASS)\b/;

/** The manager answers 401 once the instance was replaced. */
export class CredentialRefusedError extends Error {
  override readonly name = 'CredentialRefusedError';
}

/** Watches every answer of Redis and of the manager for the one sign that this instance was replaced. */
export class Fence {
  private raised = false;

  constructor(private readonly onReplaced: (end: ExitError) => void) {}

  /** True once the instance was replaced: whatever is under way must not have an effect any more. */
  get isRaised(): boolean {
    return this.raised;
  }

  /** Raises the fence when `error` says that the instance's credentials are gone. */
  inspect(error: unknown): void {
    if (this.raised || !(error instanceof Error)) return;
    if (!(error instanceof CredentialRefusedError) && !REVOKED.test(error.message)) return;
    this.raised = true;
    this.onReplaced(
      new ExitError('replaced', `This instance was replaced or stopped by the manager (${error.message})`),
    );
  }
}
