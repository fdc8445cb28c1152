import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { SpentToday, TokenUsage, UsageKind } from '@roost/contracts';
import { DataSource } from 'typeorm';
import { type UsageIncrease, UsageMetrics } from '../metrics/usage.metrics';

export interface Booking {
  /** A repeat with the same id counts once; of several counts, each going on from the one before, the last. */
  booking_id: string;
  agent_id: string;
  message_id: string | null;
  usage: TokenUsage[];
}

export interface UsageRow {
  day: string;
  agent_id: string;
  model: string;
  kind: UsageKind;
  calls: string;
  input_tokens: string;
  output_tokens: string;
  cost: number | null;
}

export interface UsageFilter {
  from: string | null;
  to: string | null;
  agent_id: string | null;
  /** The last row of the page before. */
  after: Pick<UsageRow, 'day' | 'agent_id' | 'model' | 'kind'> | null;
  limit: number;
}

@Injectable()
export class UsageRepository {
  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly metrics: UsageMetrics,
  ) {}

  async book({ booking_id, agent_id, message_id, usage }: Booking): Promise<void> {
    if (usage.length === 0) return;
    // What was booked before is read and locked first (the subquery runs before the first row), so that what this
    // booking adds is known. A row that another manager inserts meanwhile counts as that manager's.
    const increases = await this.database.query<UsageIncrease[]>(
      `WITH spent AS (
         SELECT kind, model, sum(calls) AS calls, sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens
         FROM jsonb_to_recordset($4) AS spent (kind text, model text, calls integer, input_tokens bigint, output_tokens bigint)
         GROUP BY kind, model),
       before AS MATERIALIZED (
         SELECT kind, model, input_tokens, output_tokens FROM token_usage WHERE booking_id = $1 FOR UPDATE),
       booked AS (
         INSERT INTO token_usage (booking_id, agent_id, message_id, kind, model, calls, input_tokens, output_tokens)
         SELECT $1, $2, $3, kind, model, calls, input_tokens, output_tokens
         FROM spent WHERE (SELECT count(*) FROM before) >= 0
         ON CONFLICT (booking_id, kind, model) DO UPDATE SET calls = greatest(token_usage.calls, excluded.calls),
           input_tokens = greatest(token_usage.input_tokens, excluded.input_tokens),
           output_tokens = greatest(token_usage.output_tokens, excluded.output_tokens)
         RETURNING kind, model, input_tokens, output_tokens, xmax = 0 AS is_new),
       increase AS (
         SELECT model,
                CASE WHEN is_new THEN b.input_tokens ELSE b.input_tokens - p.input_tokens END AS input_tokens,
                CASE WHEN is_new THEN b.output_tokens ELSE b.output_tokens - p.output_tokens END AS output_tokens
         FROM booked b LEFT JOIN before p USING (kind, model))
       SELECT model, coalesce(sum(input_tokens), 0)::float8 AS input_tokens,
              coalesce(sum(output_tokens), 0)::float8 AS output_tokens,
              sum((input_tokens * input_per_million + output_tokens * output_per_million) / 1e6)::float8 AS cost
       FROM increase LEFT JOIN model_prices USING (model) GROUP BY model`,
      [booking_id, agent_id, message_id, JSON.stringify(usage)],
    );
    this.metrics.booked(increases);
  }

  /** Days are UTC. One row more than asked for. */
  sums({ from, to, agent_id, after, limit }: UsageFilter): Promise<UsageRow[]> {
    return this.database.query<UsageRow[]>(
      `WITH sums AS (
         SELECT to_char(booked_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day, agent_id, model, kind,
                sum(calls) AS calls, sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens
         FROM token_usage
         WHERE ($1::date IS NULL OR booked_at >= $1::date AT TIME ZONE 'UTC')
           AND ($2::date IS NULL OR booked_at < ($2::date + 1) AT TIME ZONE 'UTC')
           AND ($3::text IS NULL OR agent_id = $3)
         GROUP BY day, agent_id, model, kind)
       SELECT sums.*, ((input_tokens * input_per_million + output_tokens * output_per_million) / 1e6)::float8 AS cost
       FROM sums LEFT JOIN model_prices USING (model)
       WHERE $4::text IS NULL OR day < $4 OR (day = $4 AND (agent_id, model, kind) > ($5, $6, $7))
       ORDER BY day DESC, agent_id, model, kind LIMIT $8`,
      [from, to, agent_id, after?.day ?? null, after?.agent_id, after?.model, after?.kind, limit + 1],
    );
  }

  /** The day is that of UTC, by the database's clock. */
  async spentToday(agent_id: string): Promise<SpentToday> {
    const [row] = await this.database.query<{ tokens: string; resets_in_s: number }[]>(
      `SELECT coalesce(sum(input_tokens + output_tokens), 0) AS tokens,
              ceil(extract(epoch FROM (date_trunc('day', now(), 'UTC') + interval '1 day') - now()))::integer AS resets_in_s
       FROM token_usage WHERE agent_id = $1 AND booked_at >= date_trunc('day', now(), 'UTC')`,
      [agent_id],
    );
    return { tokens: Number(row?.tokens ?? 0), resets_in_s: row?.resets_in_s ?? 0 };
  }
}
