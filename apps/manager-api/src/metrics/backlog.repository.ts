import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { isDue } from '../approvals/pause.sql';

/** Owed messages that are looked at: a scrape costs no more however long the queue. */
export const BACKLOG_COUNTED_MAX = 10_000;

export interface Backlog {
  /** Both are lower bounds from {@link BACKLOG_COUNTED_MAX} on. */
  owed: number;
  oldest_age_s: number;
}

/** How much the whole installation owes, by the database. */
@Injectable()
export class BacklogRepository {
  constructor(@InjectDataSource() private readonly database: DataSource) {}

  async read(): Promise<Backlog> {
    const [row] = await this.database.query<{ owed: number; oldest_age_s: number }[]>(
      `SELECT count(*)::integer AS owed,
              greatest(0, coalesce(extract(epoch FROM now() - min(created_at)), 0))::double precision AS oldest_age_s
       FROM (SELECT created_at FROM messages m WHERE ${isDue('m')} LIMIT $1) counted`,
      [BACKLOG_COUNTED_MAX],
    );
    return row ?? { owed: 0, oldest_age_s: 0 };
  }
}
