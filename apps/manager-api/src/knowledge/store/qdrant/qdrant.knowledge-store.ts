import type { QdrantClient } from '@qdrant/js-client-rest';
import type { RetrievedChunk } from '@roost/contracts';
import type { EmbeddedChunk, KnowledgeStore, StoreQuery, VectorSpace } from '../knowledge.store';
import { checkLength, checkSpace } from '../vector-space.check';
import { QdrantCalls, type QdrantEndpoint, type QdrantLimits, statusOf } from './qdrant.calls';
import { collectionOf, payloadIndexes, spaceOf } from './qdrant.collection';
import {
  chunkPoint,
  foundChunk,
  type FoundChunk,
  publicationId,
  publicationPoint,
  publicationsOf,
} from './qdrant.points';
import {
  before,
  ofDocument,
  ofKnowledgeBase,
  ofRevision,
  type Revision,
  searchRequest,
} from './qdrant.search';

/** Points of one request: at 1,536 dimensions some 2 MB of JSON. */
const POINTS_PER_REQUEST = 64;

/** How often a search looks again because documents were replaced under it. */
const ROUNDS_MAX = 3;

/** Chunks in one collection of Qdrant. */
export class QdrantKnowledgeStore implements KnowledgeStore {
  private readonly collection: string;
  private readonly calls: QdrantCalls;
  /** What the collection was last seen to hold, so that a search need not ask. */
  private space: VectorSpace | null = null;

  constructor(endpoint: QdrantEndpoint, limits?: QdrantLimits) {
    this.collection = endpoint.collection;
    this.calls = new QdrantCalls(endpoint, limits);
  }

  ping(): Promise<void> {
    return this.calls.ping();
  }

  async prepare(space: VectorSpace, signal: AbortSignal): Promise<void> {
    this.space ??= await this.make(space, signal);
    checkSpace(
      this.collection,
      this.space,
      space,
      'set QDRANT_COLLECTION to a new name and add the documents to new knowledge bases',
    );
  }

  async put(chunks: EmbeddedChunk[], signal: AbortSignal): Promise<void> {
    // Another process may have prepared it.
    const held = (this.space ??= spaceOf(this.collection, await this.info(signal)));
    for (const { vector } of chunks) checkLength(this.collection, held.dimensions, vector);
    const published = await this.publications(chunks, signal);
    const points = chunks
      // A late put of a revision that a newer one has replaced would never be removed again.
      .filter(({ document_id, revision }) => revision >= (published.get(document_id) ?? 0))
      .map((chunk) => chunkPoint(chunk, chunk.revision === published.get(chunk.document_id)));
    for (let from = 0; from < points.length; from += POINTS_PER_REQUEST) {
      const batch = points.slice(from, from + POINTS_PER_REQUEST);
      await this.calls.call(signal, (client) =>
        client.upsert(this.collection, { wait: true, points: batch }),
      );
    }
  }

  /**
   * Qdrant changes points one by one. So both revisions are marked for a moment, and what makes one of them the
   * published one is a single write between.
   */
  async publish(document_id: string, revision: number, signal: AbortSignal): Promise<void> {
    const { collection } = this;
    const published = (await this.publications([{ document_id }], signal)).get(document_id);
    if (published !== undefined && published > revision) return;
    const filter = ofRevision({ document_id, revision });
    const knowledge_base_id = await this.knowledgeBaseOf({ document_id, revision }, signal);
    // Where nothing is left of the document there is nothing to say of it.
    if (knowledge_base_id === null && published === undefined) return;
    await this.calls.call(signal, (client) =>
      client.setPayload(collection, { wait: true, payload: { published: true }, filter }),
    );
    const points = [publicationPoint(document_id, knowledge_base_id, revision)];
    await this.calls.call(signal, (client) => client.upsert(collection, { wait: true, points }));
    await this.delete(before({ document_id, revision }), signal);
  }

  removeDocument(document_id: string, signal: AbortSignal): Promise<void> {
    return this.delete(ofDocument(document_id), signal);
  }

  removeKnowledgeBase(knowledge_base_id: string, signal: AbortSignal): Promise<void> {
    return this.delete(ofKnowledgeBase(knowledge_base_id), signal);
  }

  /**
   * Of what is marked, the published revisions alone. A chunk of another one was replaced while Qdrant was searching:
   * its successor is marked by now and is found when asked again.
   */
  async search(query: StoreQuery, signal: AbortSignal): Promise<RetrievedChunk[]> {
    const replaced: Revision[] = [];
    for (let round = 1; ; round++) {
      const found = await this.marked(query, replaced, signal);
      const published = await this.publications(found, signal);
      const stale = found.filter(({ document_id, revision }) => published.get(document_id) !== revision);
      if (stale.length === 0 || round === ROUNDS_MAX)
        return found
          .filter((chunk) => !stale.includes(chunk))
          .map(({ revision: _revision, ...chunk }) => chunk);
      replaced.push(...distinct(stale));
    }
  }

  private async marked(query: StoreQuery, left_out: Revision[], signal: AbortSignal): Promise<FoundChunk[]> {
    const request = searchRequest(query, left_out);
    if (!request) return [];
    const { points } = await this.orNone(
      this.calls.call(signal, (client) => client.query(this.collection, request)),
      { points: [] },
    );
    return points.map(foundChunk);
  }

  private async publications(
    chunks: { document_id: string }[],
    signal: AbortSignal,
  ): Promise<Map<string, number>> {
    const ids = [...new Set(chunks.map(({ document_id }) => publicationId(document_id)))];
    if (ids.length === 0) return new Map();
    const request = { ids, with_payload: true };
    return publicationsOf(
      await this.orNone(
        this.calls.call(signal, (client) => client.retrieve(this.collection, request)),
        [],
      ),
    );
  }

  private async knowledgeBaseOf(of: Revision, signal: AbortSignal): Promise<string | null> {
    const request = { filter: ofRevision(of), limit: 1, with_payload: ['knowledge_base_id'] };
    const { points } = await this.orNone(
      this.calls.call(signal, (client) => client.scroll(this.collection, request)),
      { points: [] },
    );
    const id = points[0]?.payload?.['knowledge_base_id'];
    return typeof id === 'string' ? id : null;
  }

  private async delete(filter: ReturnType<typeof ofDocument>, signal: AbortSignal): Promise<void> {
    const deleted = this.calls.call(signal, (client) =>
      client.delete(this.collection, { wait: true, filter }),
    );
    await this.orNone(deleted, undefined);
  }

  private info(signal: AbortSignal): ReturnType<QdrantClient['getCollection']> {
    return this.calls.call(signal, (client) => client.getCollection(this.collection));
  }

  private async make(space: VectorSpace, signal: AbortSignal): Promise<VectorSpace> {
    const { collection } = this;
    let held = await this.orNone(this.info(signal), null);
    if (!held) {
      const made = { collection_name: collection, ...collectionOf(space) };
      await this.calls.call(signal, (client) => client.api().createCollection(made)).catch(unlessThere);
      held = await this.info(signal);
    }
    for (const [field_name, field_schema] of Object.entries(payloadIndexes)) {
      if (held.payload_schema[field_name]) continue;
      const index = { wait: true, field_name, field_schema };
      await this.calls.call(signal, (client) => client.createPayloadIndex(collection, index));
    }
    return spaceOf(collection, held);
  }

  /** A collection that was removed holds nothing, and is made anew by the next that prepares. */
  private async orNone<Found, None>(finding: Promise<Found>, none: None): Promise<Found | None> {
    try {
      return await finding;
    } catch (error) {
      if (statusOf(error) !== 404) throw error;
      this.space = null;
      return none;
    }
  }
}

/** Another manager was quicker. */
function unlessThere(error: unknown): void {
  if (statusOf(error) !== 409) throw error;
}

function distinct(chunks: Revision[]): Revision[] {
  const byName = new Map(chunks.map((chunk) => [`${chunk.document_id} ${chunk.revision}`, chunk]));
  return [...byName.values()].map(({ document_id, revision }) => ({ document_id, revision }));
}
