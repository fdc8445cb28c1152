import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type ManagerConfig } from '../../config';
import { type Chunk, embeddingInput } from '../chunking/chunk.text';
import { chunkId } from '../chunking/chunk.id';
import type { KnowledgeDocumentEntity } from '../documents/knowledge-document.entity';
import { EMBEDDER, type Embedder } from '../embedding/embedder';
import { DOCUMENT_FILES, type DocumentFiles } from '../files/document.files';
import { DocumentParser } from '../parsing/document.parser';
import { type EmbeddedChunk, KNOWLEDGE_STORE, type KnowledgeStore } from '../store/knowledge.store';
import { type Claim, ClaimsRepository, type Progress } from './claims.repository';
import { ClaimLost } from './ingestion.failure';
import { SourceFetcher } from './source.fetcher';

/** Chunks embedded and stored at a time, after which progress is shown. */
const BATCH = 32;

/** From content to chunks that are found: fetch, parse, chunk, embed, put, publish. Repeating it does no harm. */
@Injectable()
export class Ingestion {
  constructor(
    private readonly claims: ClaimsRepository,
    private readonly fetcher: SourceFetcher,
    private readonly parser: DocumentParser,
    @Inject(DOCUMENT_FILES) private readonly files: DocumentFiles,
    @Inject(EMBEDDER) private readonly embedder: Embedder,
    @Inject(KNOWLEDGE_STORE) private readonly store: KnowledgeStore,
    @Inject(CONFIG) private readonly config: ManagerConfig,
  ) {}

  /** @throws {ClaimLost} and whatever went wrong; see `explained` */
  async ingest(claim: Claim, document: KnowledgeDocumentEntity, signal: AbortSignal): Promise<void> {
    const current = document.source === 'url' ? await this.fetched(claim, document, signal) : document;
    if (current === 'unchanged') return;
    const chunks = await this.parse(current, signal);
    await this.note(claim, { state: 'embedding', total: chunks.length });
    await this.put(claim, current, chunks, signal);
    await this.store.publish(current.id, current.revision, signal);
    if (!(await this.claims.finish(claim, current, { done: chunks.length }))) throw new ClaimLost();
  }

  /** A URL whose content is what it was, is ready as it is. */
  private async fetched(
    claim: Claim,
    document: KnowledgeDocumentEntity,
    signal: AbortSignal,
  ): Promise<KnowledgeDocumentEntity | 'unchanged'> {
    const { file, type } = await this.fetcher.fetch(document.name, signal);
    try {
      const published = document.published_revision === document.revision;
      const same = file.content_hash === document.content_hash && type === document.type;
      if (published && same) {
        if (!(await this.claims.finish(claim, document, {}))) throw new ClaimLost();
        return 'unchanged';
      }
      const { content_hash, bytes } = file;
      // Pieces of what an earlier attempt fetched may have been put: they must not be found with these.
      const isAnother = published || (document.content_hash !== null && !same);
      const revision = isAnother ? document.revision + 1 : document.revision;
      await this.files.keep(file, placeOf(document));
      await this.note(claim, { revision, content_hash, bytes, type });
      return { ...document, revision, content_hash, bytes, type };
    } finally {
      await this.files.discard(file);
    }
  }

  private parse(document: KnowledgeDocumentEntity, signal: AbortSignal): Promise<Chunk[]> {
    const { content_hash, type } = document;
    if (content_hash === null || type === null) throw new Error('a document without content');
    return this.parser.parse(
      {
        path: this.files.path(placeOf(document), content_hash),
        type,
        pages_max: this.config.KNOWLEDGE_PDF_PAGES_MAX,
      },
      signal,
    );
  }

  private async put(
    claim: Claim,
    document: KnowledgeDocumentEntity,
    chunks: Chunk[],
    signal: AbortSignal,
  ): Promise<void> {
    for (let done = 0; done < chunks.length; done += BATCH) {
      const batch = chunks.slice(done, done + BATCH);
      const { vectors } = await this.embedder.embed(
        batch.map((chunk) => embeddingInput(document.title, chunk)),
        signal,
      );
      const dimensions = vectors[0]?.length ?? 0;
      if (done === 0) await this.store.prepare({ model: this.embedder.model, dimensions }, signal);
      signal.throwIfAborted();
      await this.store.put(
        batch.map((chunk, index) => embedded(document, chunk, vectors[index] ?? [])),
        signal,
      );
      await this.note(claim, { done: Math.min(done + BATCH, chunks.length) });
    }
  }

  private async note(claim: Claim, progress: Progress): Promise<void> {
    if (!(await this.claims.write(claim, progress))) throw new ClaimLost();
  }
}

const placeOf = ({ id, knowledge_base_id }: KnowledgeDocumentEntity) => ({
  knowledge_base_id,
  document_id: id,
});

const embedded = (
  document: KnowledgeDocumentEntity,
  { position, text }: Chunk,
  vector: number[],
): EmbeddedChunk => ({
  chunk_id: chunkId(document.id, document.revision, position),
  knowledge_base_id: document.knowledge_base_id,
  document_id: document.id,
  revision: document.revision,
  position,
  title: document.title,
  text,
  source_url: document.source === 'url' ? document.name : null,
  metadata: document.metadata,
  vector,
});
