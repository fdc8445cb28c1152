import { pause, waitAfter } from '../ingest/pause';
import type { SessionContext } from './session.context';

/**
 * Repeats the work until it is done: what comes after it in its conversation must not overtake it. Resolves with null
 * when the signal came first.
 */
export async function untilDone<Done>(
  { bot_id, signal, logger }: Pick<SessionContext, 'bot_id' | 'signal' | 'logger'>,
  failure: string,
  work: () => Promise<Done>,
): Promise<Done | null> {
  for (let failures = 1; !signal.aborted; failures += 1) {
    try {
      return await work();
    } catch (error) {
      logger.warn({ err: error, bot_id, failures }, `${failure}; trying again`);
      await pause(waitAfter(error, failures), signal);
    }
  }
  return null;
}
