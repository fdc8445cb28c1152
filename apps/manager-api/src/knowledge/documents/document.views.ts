import type { DocumentDto } from '@roost/contracts/rest';
import type { KnowledgeDocumentEntity } from './knowledge-document.entity';

export const toDocumentDto = (document: KnowledgeDocumentEntity): DocumentDto => ({
  id: document.id,
  knowledge_base_id: document.knowledge_base_id,
  title: document.title,
  source: document.source,
  name: document.name,
  type: document.type,
  bytes: document.bytes,
  metadata: document.metadata,
  revision: document.revision,
  published_revision: document.published_revision,
  status: {
    state: document.state,
    done: document.done,
    total: document.total,
    detail: detailOf(document),
  },
  created_at: document.created_at.toISOString(),
  updated_at: document.updated_at.toISOString(),
});

function detailOf({ state, done, total, problem }: KnowledgeDocumentEntity): string {
  switch (state) {
    case 'queued':
      return problem === null ? 'queued' : `queued, to be tried again: ${problem}`;
    case 'embedding':
      return `embedding ${done}/${total}`;
    case 'failed':
      return `failed: ${problem ?? 'for no known reason; add the document again'}`;
    case 'parsing':
    case 'ready':
      return state;
  }
}
