import { internalPaths, type RetrievalRequest, type RetrievalResponse } from '@roost/contracts';
import { type ManagerClient, ManagerRefusedError, ManagerUnavailableError } from '../exchange/manager.client';

/** Milliseconds a run waits for one search, repeats included, before it fails visibly. */
const SEARCH_DEADLINE_MS = 30_000;
/** Milliseconds one attempt may take: the query is embedded and what is found may be reranked. */
const ATTEMPT_TIMEOUT_MS = 15_000;

/** The knowledge could not be searched; `message` is shown to users. */
export class KnowledgeError extends Error {
  override readonly name = 'KnowledgeError';
}

/** The agent's knowledge bases, which the manager searches: a runner holds no credential for their store. */
export class KnowledgeClient {
  constructor(
    private readonly manager: Pick<ManagerClient, 'request'>,
    private readonly deadline_ms = SEARCH_DEADLINE_MS,
  ) {}

  /** Best first, and what the search itself cost. @throws {KnowledgeError} or the reason of `signal` when that aborts. */
  async search(request: RetrievalRequest, signal?: AbortSignal): Promise<RetrievalResponse> {
    try {
      return await this.manager.request<RetrievalResponse>({
        method: 'POST',
        path: internalPaths.knowledgeSearch,
        body: request,
        deadline_ms: this.deadline_ms,
        attempt_ms: ATTEMPT_TIMEOUT_MS,
        ...(signal ? { signal } : {}),
      });
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof ManagerUnavailableError)
        throw new KnowledgeError('The knowledge base could not be searched. Send the message again.', {
          cause: error,
        });
      if (error instanceof ManagerRefusedError)
        throw new KnowledgeError(
          `The knowledge base could not be searched (${error.status}). Check the knowledge_base_ids of the agent's tools.`,
          { cause: error },
        );
      throw error;
    }
  }
}
