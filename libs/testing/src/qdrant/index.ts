export { QdrantDescription } from './qdrant.description';
export { type QdrantExchange, QdrantStandIn, type QdrantStandInOptions } from './qdrant.stand-in';
