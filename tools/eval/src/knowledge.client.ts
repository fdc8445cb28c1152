import type { IngestionState, RetrievedChunk, SearchMode } from '@roost/contracts';
import { type ApiClient, until } from '@roost/testing';
import pLimit from 'p-limit';
import type { EvalDocument } from './dataset';
import type { FoundChunk } from './ranking';

interface DocumentAnswer {
  id: string;
  status: { state: IngestionState; [detail: string]: unknown };
}

const UPLOADS_AT_ONCE = 4;
const INGESTION_DEADLINE_MS = 300_000;
const SEARCH_DEADLINE_MS = 60_000;

/** The set's documents in a knowledge base of the installation, over the public API. */
export class KnowledgeClient {
  private constructor(
    private readonly api: ApiClient,
    readonly knowledge_base_id: string,
    /** The set's id by the installation's. */
    private readonly names: ReadonlyMap<string, string>,
  ) {}

  /** Resolves once every document can be found. */
  static async fill(
    api: ApiClient,
    documents: readonly EvalDocument[],
    signal: AbortSignal,
  ): Promise<KnowledgeClient> {
    const base = await api.call<{ id: string }>({
      method: 'POST',
      path: '/knowledge-bases',
      body: { name: 'Evaluation' },
    });
    const path = `/knowledge-bases/${base.id}/documents`;
    const limit = pLimit(UPLOADS_AT_ONCE);
    const names = await Promise.all(
      documents.map((document) =>
        limit(async (): Promise<[string, string]> => {
          signal.throwIfAborted();
          const { id } = await upload(api, path, document);
          await ready(api, `${path}/${id}`, document.id, signal);
          return [id, document.id];
        }),
      ),
    );
    return new KnowledgeClient(api, base.id, new Map(names));
  }

  async search(query: string, mode: SearchMode, limit: number): Promise<FoundChunk[]> {
    const { results } = await this.api.call<{ results: RetrievedChunk[] }>({
      method: 'POST',
      path: `/knowledge-bases/${this.knowledge_base_id}/search`,
      body: { query, mode, limit },
      deadlineMs: SEARCH_DEADLINE_MS,
    });
    return results.map(({ document_id, text }) => ({ document_id: this.nameOf(document_id), text }));
  }

  nameOf(document_id: string): string {
    const name = this.names.get(document_id);
    if (name === undefined) throw new Error(`the search has found ${document_id}, which was not uploaded`);
    return name;
  }
}

async function upload(api: ApiClient, path: string, { id, text }: EvalDocument): Promise<DocumentAnswer> {
  const form = new FormData();
  form.append('file', new Blob([text], { type: 'text/markdown' }), `${id}.md`);
  const encoded = new Response(form);
  return api.call({
    method: 'POST',
    path,
    body: new Uint8Array(await encoded.arrayBuffer()),
    headers: { 'content-type': encoded.headers.get('content-type') ?? '' },
  });
}

const ready = (api: ApiClient, path: string, id: string, signal: AbortSignal): Promise<true> =>
  until(
    `${id} is ready`,
    async () => {
      signal.throwIfAborted();
      const { status } = await api.call<DocumentAnswer>({ method: 'GET', path });
      if (status.state === 'failed') throw new Error(`${id} cannot be ingested: ${JSON.stringify(status)}`);
      return status.state === 'ready';
    },
    INGESTION_DEADLINE_MS,
  );
