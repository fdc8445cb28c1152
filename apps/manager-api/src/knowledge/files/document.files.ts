import type { Readable } from 'node:stream';

/** Content that has arrived and belongs to no document yet. */
export interface ReceivedFile {
  /** Names it until it is kept or discarded. */
  upload_id: string;
  /** SHA-256 in hex. */
  content_hash: string;
  bytes: number;
}

/** Where the content of documents is. All managers of an installation see the same. */
export interface DocumentFiles {
  /**
   * Takes content in as a stream, at most `bytes_max`.
   * @throws {ServiceError} `payload_too_large`; what had arrived is discarded.
   */
  receive(content: Readable, bytes_max: number): Promise<ReceivedFile>;
  /** What was received becomes the document's. */
  keep(file: ReceivedFile, owner: DocumentPlace): Promise<void>;
  /** Absent counts as done. */
  discard(file: ReceivedFile): Promise<void>;
  /** A path that programs of this machine can read. */
  path(owner: DocumentPlace, content_hash: string): string;
  /** Removes what the document had before this content. */
  keepOnly(owner: DocumentPlace, content_hash: string): Promise<void>;
  /** Absent counts as done. */
  removeDocument(owner: DocumentPlace): Promise<void>;
  /** Absent counts as done. */
  removeKnowledgeBase(knowledge_base_id: string): Promise<void>;
}

export interface DocumentPlace {
  knowledge_base_id: string;
  document_id: string;
}

export const DOCUMENT_FILES = Symbol('DocumentFiles');
