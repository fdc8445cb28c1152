import type { ManagerConfig } from '../../config';

/** Where texts are embedded, and with which key. */
export interface EmbeddingEndpoint {
  base_url: string;
  api_key: string | null;
  model: string;
  dimensions: number | null;
}

/** A key travels only to the base URL it was configured with. */
export function embeddingEndpoint(config: ManagerConfig): EmbeddingEndpoint {
  const base_url = config.EMBEDDING_BASE_URL ?? config.OPENAI_BASE_URL;
  const operators = base_url === config.OPENAI_BASE_URL ? config.OPENAI_API_KEY : undefined;
  return {
    base_url,
    api_key: config.EMBEDDING_API_KEY ?? operators ?? null,
    model: config.EMBEDDING_MODEL,
    dimensions: config.EMBEDDING_DIMENSIONS ?? null,
  };
}
