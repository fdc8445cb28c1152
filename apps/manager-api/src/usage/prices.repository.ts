import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { PriceListDto } from '@roost/contracts/rest';
import { DataSource } from 'typeorm';
import { ModelPriceEntity } from './model-price.entity';

@Injectable()
export class PricesRepository {
  constructor(@InjectDataSource() private readonly database: DataSource) {}

  list(): Promise<ModelPriceEntity[]> {
    return this.database.getRepository(ModelPriceEntity).find({ order: { model: 'ASC' } });
  }

  async currency(): Promise<string | null> {
    const [any] = await this.database.getRepository(ModelPriceEntity).find({ take: 1 });
    return any?.currency ?? null;
  }

  /** Whoever reads meanwhile sees the list before or the list after. */
  async replace({ currency, items }: PriceListDto): Promise<void> {
    await this.database.transaction(async (tx) => {
      await tx.query('LOCK TABLE model_prices IN SHARE ROW EXCLUSIVE MODE');
      await tx.createQueryBuilder().delete().from(ModelPriceEntity).execute();
      await tx.insert(
        ModelPriceEntity,
        items.map((item) => ({ ...item, currency })),
      );
    });
  }
}
