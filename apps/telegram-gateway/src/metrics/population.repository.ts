import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { BotState } from '../bots/bot.entity';

/** Rows of a backlog that are looked at: a scrape costs no more however long the queue. */
export const BACKLOG_COUNTED_MAX = 10_000;

export interface GatewayPopulation {
  bots: Partial<Record<BotState, number>>;
  /** Lower bounds from {@link BACKLOG_COUNTED_MAX} on, as are the ages. */
  updates_open: number;
  updates_oldest_age_s: number;
  outbox_open: number;
  outbox_oldest_age_s: number;
}

const age = (column: string): string =>
  `greatest(0, coalesce(extract(epoch FROM now() - min(${column})), 0))::float8`;

/** Bots and backlogs of all gateways, by the database. */
@Injectable()
export class PopulationRepository {
  constructor(@InjectDataSource() private readonly database: DataSource) {}

  async read(): Promise<GatewayPopulation> {
    const [row] = await this.database.query<GatewayPopulation[]>(
      `SELECT
         (SELECT coalesce(jsonb_object_agg(state, count), '{}')
          FROM (SELECT state, count(*) FROM telegram.bots GROUP BY state) states) AS bots,
         updates.*, outbox.*
       FROM (SELECT count(*)::integer AS updates_open, ${age('received_at')} AS updates_oldest_age_s
             FROM (SELECT received_at FROM telegram.updates WHERE state <> 'done' LIMIT $1) u) updates,
            (SELECT count(*)::integer AS outbox_open, ${age('created_at')} AS outbox_oldest_age_s
             FROM (SELECT created_at FROM telegram.outgoing WHERE state IN ('waiting', 'sending') LIMIT $1) o) outbox`,
      [BACKLOG_COUNTED_MAX],
    );
    if (!row) throw new Error('PostgreSQL counted nothing');
    return row;
  }
}
