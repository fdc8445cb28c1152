import { ServiceError } from '@roost/contracts';

/** Why a document cannot be ingested, however often it is tried. `message` names the remedy. */
export class PermanentFailure extends Error {
  override readonly name = 'PermanentFailure';
}

/** Why it could not this time. */
export class TransientFailure extends Error {
  override readonly name = 'TransientFailure';
}

/** The document was deleted or replaced, or another worker has it: nothing is to be done any more. */
export class ClaimLost extends Error {
  override readonly name = 'ClaimLost';
}

/** Whether trying again is of no use, and what its owner is told. */
export function explained(error: unknown): { permanent: boolean; problem: string } {
  if (error instanceof PermanentFailure) return { permanent: true, problem: error.message };
  if (error instanceof TransientFailure) return { permanent: false, problem: error.message };
  if (error instanceof ServiceError) {
    const permanent = error.code === 'embedding_mismatch' || error.code === 'knowledge_base_full';
    return { permanent, problem: error.detail };
  }
  // What we do not know may hold anything: it goes to the log alone.
  return { permanent: false, problem: 'the service failed; its log knows more' };
}
