import type { Provider } from '@nestjs/common';
import { ServiceError } from '@roost/contracts';
import { EMBEDDER, type Embedder } from './embedding/embedder';
import { KNOWLEDGE_STORE, type KnowledgeStore } from './store/knowledge.store';

const absent = (): Promise<never> =>
  Promise.reject(new ServiceError('dependency_unavailable', 'No store for knowledge is configured.'));

/** What keeps and finds chunks, and what turns texts into vectors. */
export const knowledgeStoreProviders: Provider[] = [
  { provide: EMBEDDER, useValue: { model: 'none', embed: absent } satisfies Embedder },
  {
    provide: KNOWLEDGE_STORE,
    useValue: {
      prepare: absent,
      put: absent,
      publish: absent,
      removeDocument: absent,
      removeKnowledgeBase: absent,
      search: absent,
    } satisfies KnowledgeStore,
  },
];
