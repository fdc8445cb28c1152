import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

@Entity('knowledge_chunks')
@Index(['knowledge_base_id', 'published'])
@Index(['document_id', 'revision'])
export class KnowledgeChunkEntity {
  @PrimaryColumn('uuid')
  chunk_id!: string;

  @Column('text')
  knowledge_base_id!: string;

  @Column('text')
  document_id!: string;

  @Column('integer')
  revision!: number;

  @Column('boolean', { default: false })
  published!: boolean;

  @Column('integer')
  position!: number;

  @Column('text')
  title!: string;

  @Column('text')
  text!: string;

  @Column('text', { nullable: true })
  source_url!: string | null;

  @Column('jsonb')
  metadata!: object;

  /** Of length 1, as 32-bit floats, little-endian. */
  @Column('bytea')
  embedding!: Buffer;

  /** The postings, turned round: each term once, signed, beside how often it occurs. */
  @Index('IDX_knowledge_chunks_terms', { synchronize: false })
  @Column('integer', { array: true })
  terms!: number[];

  @Column('smallint', { array: true })
  frequencies!: number[];

  /** Terms in all. */
  @Column('integer')
  length!: number;
}
