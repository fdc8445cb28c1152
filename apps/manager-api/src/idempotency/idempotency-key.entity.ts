import { Column, CreateDateColumn, Entity, Index, PrimaryColumn } from 'typeorm';

/** A POST that may be repeated: the first answer is kept, sealed, for a day. */
@Entity('idempotency_keys')
@Index('idempotency_keys_by_age', ['created_at'])
export class IdempotencyKeyEntity {
  /** Whose key it is. */
  @PrimaryColumn('text')
  subject!: string;

  @PrimaryColumn('text')
  key!: string;

  /** SHA-256 of method, path and body. */
  @Column('bytea')
  request_hash!: Buffer;

  /** Null while the first request is under way. */
  @Column('integer', { nullable: true })
  status!: number | null;

  @Column('text', { nullable: true })
  sealed_body!: string | null;

  @CreateDateColumn({ type: 'timestamptz' })
  created_at!: Date;
}
