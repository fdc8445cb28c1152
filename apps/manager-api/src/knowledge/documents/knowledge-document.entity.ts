import type { IngestionState, MetadataFilter } from '@roost/contracts';
import type { DocumentSource, DocumentType } from '@roost/contracts/rest';
import { Column, CreateDateColumn, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { KnowledgeBaseEntity } from '../bases/knowledge-base.entity';

/** A document as it was last accepted, and how far its ingestion is. What searches find is in the store. */
@Entity('knowledge_documents')
@Index('knowledge_documents_by_age', ['knowledge_base_id', 'created_at', 'id'])
@Index('knowledge_documents_source', ['knowledge_base_id', 'source', 'name'], {
  unique: true,
  where: 'deleted_at IS NULL',
})
@Index('knowledge_documents_claimed', ['lease_until'], { where: 'worker IS NOT NULL' })
@Index('knowledge_documents_unfinished', ['updated_at'], { where: "state NOT IN ('ready', 'failed')" })
@Index('knowledge_documents_deleted', ['deleted_at'], { where: 'deleted_at IS NOT NULL' })
export class KnowledgeDocumentEntity {
  @PrimaryColumn('text')
  id!: string;

  @Column('text')
  @ForeignKey(() => KnowledgeBaseEntity, { onDelete: 'CASCADE' })
  knowledge_base_id!: string;

  @Column('text')
  title!: string;

  @Column('text')
  source!: DocumentSource;

  /** The name of the file, the URL, or the title of the text: the same again is the same document. */
  @Column('text')
  name!: string;

  @Column('text', { nullable: true })
  type!: DocumentType | null;

  /** SHA-256 of the content in hex, which also names its file; null until a URL was fetched. */
  @Column('text', { nullable: true })
  content_hash!: string | null;

  @Column('integer', { nullable: true })
  bytes!: number | null;

  @Column('jsonb', { default: {} })
  metadata!: MetadataFilter;

  @Column('integer', { default: 1 })
  revision!: number;

  @Column('integer', { nullable: true })
  published_revision!: number | null;

  @Column('text', { default: 'queued' })
  state!: IngestionState;

  /** Pieces embedded, and pieces in all. */
  @Column('integer', { default: 0 })
  done!: number;

  @Column('integer', { default: 0 })
  total!: number;

  /** Why it failed, or why it waits to be tried again. */
  @Column('text', { nullable: true })
  problem!: string | null;

  /** The job that may change it; those before it end themselves. */
  @Column('uuid')
  job_id!: string;

  /** Who works on it, as long as the lease lasts. */
  @Column('uuid', { nullable: true })
  worker!: string | null;

  @Column('timestamptz', { nullable: true })
  lease_until!: Date | null;

  @CreateDateColumn({ type: 'timestamptz', precision: 3 })
  created_at!: Date;

  @Column('timestamptz', { default: () => 'now()' })
  updated_at!: Date;

  @Column('timestamptz', { nullable: true })
  deleted_at!: Date | null;
}
