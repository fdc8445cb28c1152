import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { HandoffEntity } from './handoff.entity';

export type Handoff = Omit<HandoffEntity, 'created_at'>;

@Injectable()
export class HandoffsRepository {
  constructor(@InjectDataSource() private readonly database: DataSource) {}

  find(calling_message_id: string, idempotency_key: string): Promise<Handoff | null> {
    return this.database.getRepository(HandoffEntity).findOneBy({ calling_message_id, idempotency_key });
  }

  /** How many handoffs stand above a message; 0 for a user's own. */
  async depthOf(message_id: string): Promise<number> {
    return (await this.database.getRepository(HandoffEntity).findOneBy({ message_id }))?.depth ?? 0;
  }

  /** Records it once: of two at once both get the first one's. */
  async begin(handoff: Handoff): Promise<Handoff> {
    await this.database
      .createQueryBuilder()
      .insert()
      .into(HandoffEntity)
      .values(handoff)
      .orIgnore()
      .execute();
    return (await this.find(handoff.calling_message_id, handoff.idempotency_key)) ?? handoff;
  }

  /** Where other agents were asked for these messages. */
  async placesUnder(message_ids: string[]): Promise<Pick<Handoff, 'agent_id' | 'thread_id'>[]> {
    return this.database.query(
      'SELECT DISTINCT agent_id, thread_id FROM handoffs WHERE calling_message_id = ANY($1)',
      [message_ids],
    );
  }
}
