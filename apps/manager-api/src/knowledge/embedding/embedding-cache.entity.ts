import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

@Entity('embedding_cache')
export class EmbeddingCacheEntity {
  /** SHA-256 of model, dimensions asked for and text. */
  @PrimaryColumn('bytea')
  key!: Buffer;

  /** 32-bit floats, little-endian. */
  @Column('bytea')
  vector!: Buffer;

  @Index()
  @Column('timestamptz', { default: () => 'now()' })
  used_at!: Date;
}
