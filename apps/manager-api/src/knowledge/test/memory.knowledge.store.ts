import { ServiceError, type RetrievedChunk } from '@roost/contracts';
import type { EmbeddedChunk, KnowledgeStore, StoreQuery, VectorSpace } from '../store/knowledge.store';

/** A store in this process's memory that searches for words; it can be away, and tells what it holds. */
export class MemoryKnowledgeStore implements KnowledgeStore {
  readonly chunks = new Map<string, EmbeddedChunk>();
  private readonly published = new Map<string, number>();
  /** Awaited before every call, to hold it up or to fail it. */
  before: (call: string) => Promise<void> = () => Promise.resolve();
  space: VectorSpace | null = null;

  async prepare(space: VectorSpace): Promise<void> {
    await this.before('prepare');
    this.space ??= space;
    if (this.space.model !== space.model || this.space.dimensions !== space.dimensions)
      throw new ServiceError('embedding_mismatch', `The collection holds vectors of ${this.space.model}.`);
  }

  async put(chunks: EmbeddedChunk[]): Promise<void> {
    await this.before('put');
    for (const chunk of chunks) this.chunks.set(chunk.chunk_id, chunk);
  }

  async publish(document_id: string, revision: number): Promise<void> {
    await this.before('publish');
    this.published.set(document_id, revision);
    for (const chunk of this.of(document_id)) {
      if (chunk.revision !== revision) this.chunks.delete(chunk.chunk_id);
    }
  }

  async removeDocument(document_id: string): Promise<void> {
    await this.before('removeDocument');
    this.published.delete(document_id);
    for (const { chunk_id } of this.of(document_id)) this.chunks.delete(chunk_id);
  }

  async removeKnowledgeBase(knowledge_base_id: string): Promise<void> {
    await this.before('removeKnowledgeBase');
    for (const chunk of [...this.chunks.values()]) {
      if (chunk.knowledge_base_id === knowledge_base_id) this.chunks.delete(chunk.chunk_id);
    }
  }

  search({ knowledge_base_ids, text, limit }: StoreQuery): Promise<RetrievedChunk[]> {
    const found = [...this.chunks.values()].filter(
      (chunk) =>
        knowledge_base_ids.includes(chunk.knowledge_base_id) &&
        this.published.get(chunk.document_id) === chunk.revision &&
        chunk.text.includes(text),
    );
    return Promise.resolve(found.slice(0, limit).map((chunk) => ({ ...chunk, score: 1 })));
  }

  /** All chunks of a document, published or not, in their order. */
  of(document_id: string): EmbeddedChunk[] {
    return [...this.chunks.values()]
      .filter((chunk) => chunk.document_id === document_id)
      .sort((a, b) => a.position - b.position);
  }

  /** What a search would find of a document. */
  found(document_id: string): string {
    const revision = this.published.get(document_id);
    return this.of(document_id)
      .filter((chunk) => chunk.revision === revision)
      .map(({ text }) => text)
      .join('\n');
  }
}
