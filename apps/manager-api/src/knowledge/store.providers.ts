import type { Provider } from '@nestjs/common';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import { CONFIG, type ManagerConfig } from '../config';
import { LOGGER } from '../logging';
import { CachedEmbedder } from './embedding/cached.embedder';
import { EMBEDDER } from './embedding/embedder';
import { EmbeddingCacheCleaning } from './embedding/embedding-cache.cleaning';
import { EmbeddingCacheRepository } from './embedding/embedding-cache.repository';
import { embeddingEndpoint } from './embedding/embedding.provider';
import { OpenAiEmbedder } from './embedding/openai.embedder';
import { AgentKnowledge } from './retrieval/agent-knowledge.service';
import { InternalSearchController } from './retrieval/internal-search.controller';
import { CohereReranker, RERANKER, type Reranker } from './retrieval/reranker';
import { RetrievalService } from './retrieval/retrieval.service';
import { SearchController } from './retrieval/search.controller';
import { KNOWLEDGE_STORE, type KnowledgeStore } from './store/knowledge.store';
import { PostgresKnowledgeStore } from './store/postgres/postgres.knowledge-store';
import { QdrantKnowledgeStore } from './store/qdrant/qdrant.knowledge-store';
import { STORE_PROBES, type StoreProbes } from './store/store.probes';

/** Qdrant when `QDRANT_URL` is set, else PostgreSQL. */
function openStore(config: ManagerConfig, database: DataSource): KnowledgeStore {
  const { QDRANT_URL: url, QDRANT_API_KEY: api_key, QDRANT_COLLECTION: collection } = config;
  if (url === undefined) return new PostgresKnowledgeStore(database);
  return new QdrantKnowledgeStore({ url, api_key: api_key ?? null, collection });
}

function openEmbedder(
  config: ManagerConfig,
  cache: EmbeddingCacheRepository,
  logger: Logger,
): CachedEmbedder {
  const endpoint = embeddingEndpoint(config);
  const variant = `${endpoint.base_url} ${endpoint.dimensions ?? ''}`;
  return new CachedEmbedder(new OpenAiEmbedder(endpoint), cache, variant, logger);
}

function openReranker({ RERANK_URL, RERANK_API_KEY, RERANK_MODEL }: ManagerConfig): Reranker | null {
  if (RERANK_URL === undefined) return null;
  return new CohereReranker({ url: RERANK_URL, api_key: RERANK_API_KEY ?? null, model: RERANK_MODEL });
}

const probesOf = (store: KnowledgeStore): StoreProbes =>
  store instanceof QdrantKnowledgeStore ? { qdrant: () => store.ping() } : {};

export const knowledgeStoreProviders: Provider[] = [
  { provide: KNOWLEDGE_STORE, inject: [CONFIG, getDataSourceToken()], useFactory: openStore },
  {
    provide: EmbeddingCacheRepository,
    inject: [getDataSourceToken()],
    useFactory: (database: DataSource) => new EmbeddingCacheRepository(database),
  },
  { provide: EMBEDDER, inject: [CONFIG, EmbeddingCacheRepository, LOGGER], useFactory: openEmbedder },
  { provide: RERANKER, inject: [CONFIG], useFactory: openReranker },
  { provide: STORE_PROBES, inject: [KNOWLEDGE_STORE], useFactory: probesOf },
  EmbeddingCacheCleaning,
  RetrievalService,
  AgentKnowledge,
];

export const knowledgeStoreControllers = [SearchController, InternalSearchController];
