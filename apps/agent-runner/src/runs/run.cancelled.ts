/** Why a run was aborted: somebody asked for it. Any other reason means that the message is handed back. */
export class RunCancelled extends Error {
  override readonly name = 'RunCancelled';

  constructor() {
    super('The run was cancelled');
  }
}

export const wasCancelled = (signal: AbortSignal): boolean =>
  signal.aborted && signal.reason instanceof RunCancelled;

/** The result of `work`, unless the signal is aborted first. @throws the signal's reason */
export function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
