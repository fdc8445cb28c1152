import { Column, CreateDateColumn, Entity, Index, PrimaryColumn } from 'typeorm';

@Entity('knowledge_bases')
@Index('knowledge_bases_by_age', ['created_at', 'id'])
export class KnowledgeBaseEntity {
  @PrimaryColumn('text')
  id!: string;

  @Column('text')
  name!: string;

  @Column('text')
  description!: string;

  @CreateDateColumn({ type: 'timestamptz', precision: 3 })
  created_at!: Date;

  /** Nobody sees it from then on; the row goes once its chunks and files have gone. */
  @Column('timestamptz', { nullable: true })
  deleted_at!: Date | null;
}
