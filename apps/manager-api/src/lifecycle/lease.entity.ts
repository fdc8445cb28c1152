import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Work that one manager at a time does. */
@Entity('leases')
export class LeaseEntity {
  @PrimaryColumn('text')
  name!: string;

  @Column('text')
  holder!: string;

  @Column('timestamptz')
  expires_at!: Date;
}
