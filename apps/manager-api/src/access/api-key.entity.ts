import type { Scope } from '@roost/contracts/rest';
import { Column, CreateDateColumn, Entity, Index, PrimaryColumn } from 'typeorm';

@Entity('api_keys')
@Index('api_keys_by_age', ['created_at', 'id'])
export class ApiKeyEntity {
  @PrimaryColumn('text')
  id!: string;

  @Column('text')
  name!: string;

  /** How the secret begins, to tell keys apart. */
  @Column('text')
  prefix!: string;

  /** SHA-256 of the secret, which has 256 random bits and so needs no slow hash. */
  @Column('bytea')
  @Index('api_keys_secret', { unique: true })
  secret_hash!: Buffer;

  @Column('text', { array: true })
  scopes!: Scope[];

  @CreateDateColumn({ type: 'timestamptz', precision: 3 })
  created_at!: Date;

  @Column('timestamptz', { nullable: true })
  revoked_at!: Date | null;
}
