import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What model the vectors of a collection are of. */
@Entity('knowledge_collections')
export class KnowledgeCollectionEntity {
  @PrimaryColumn('text')
  name!: string;

  @Column('text')
  model!: string;

  @Column('integer')
  dimensions!: number;
}
