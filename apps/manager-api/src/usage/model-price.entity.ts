import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What a model's tokens cost. */
@Entity('model_prices')
export class ModelPriceEntity {
  @PrimaryColumn('text')
  model!: string;

  @Column('double precision')
  input_per_million!: number;

  @Column('double precision')
  output_per_million!: number;

  /** ISO 4217; the same in all rows. */
  @Column('text')
  currency!: string;
}
