import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { IdempotencyKeyEntity } from './idempotency-key.entity';

@Injectable()
export class IdempotencyRepository {
  constructor(@InjectDataSource() private readonly database: DataSource) {}

  /** @returns null when the key is new and now reserved, else what is known of the first request. */
  async reserve(subject: string, key: string, request_hash: Buffer): Promise<IdempotencyKeyEntity | null> {
    const rows = await this.database.query<unknown[]>(
      `INSERT INTO idempotency_keys (subject, key, request_hash) VALUES ($1, $2, $3)
       ON CONFLICT (subject, key) DO UPDATE SET request_hash = excluded.request_hash, status = NULL, sealed_body = NULL, created_at = now()
       WHERE idempotency_keys.created_at < now() - interval '1 day'
          OR (idempotency_keys.status IS NULL AND idempotency_keys.created_at < now() - interval '3 minutes')
       RETURNING key`,
      [subject, key, request_hash],
    );
    return rows.length > 0
      ? null
      : this.database.getRepository(IdempotencyKeyEntity).findOneBy({ subject, key });
  }

  async complete(subject: string, key: string, status: number, sealed_body: string): Promise<void> {
    await this.database.getRepository(IdempotencyKeyEntity).update({ subject, key }, { status, sealed_body });
  }

  /** The first request failed: a repeat may try again. */
  async release(subject: string, key: string): Promise<void> {
    await this.database.getRepository(IdempotencyKeyEntity).delete({ subject, key });
  }

  async deleteExpired(): Promise<void> {
    await this.database.query("DELETE FROM idempotency_keys WHERE created_at < now() - interval '1 day'");
  }
}
