/** Milliseconds a search may take, embedding and reranking included. */
export const SEARCH_MS = 30_000;
