import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';

@Injectable()
export class LeasesRepository {
  constructor(@InjectDataSource() private readonly database: DataSource) {}

  /** Takes or keeps a lease for `life_s` seconds of the database's clock. @returns whether the holder has it. */
  async take(name: string, holder: string, life_s: number): Promise<boolean> {
    const rows = await this.database.query<unknown[]>(
      `INSERT INTO leases (name, holder, expires_at) VALUES ($1, $2, now() + make_interval(secs => $3))
       ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
       WHERE leases.holder = excluded.holder OR leases.expires_at < now() RETURNING name`,
      [name, holder, life_s],
    );
    return rows.length > 0;
  }

  /** Keeps all leases that the holder still has. One that has expired is not taken back: another may be taking it. */
  async renew(holder: string, life_s: number): Promise<void> {
    await this.database.query(
      `UPDATE leases SET expires_at = now() + make_interval(secs => $2) WHERE holder = $1 AND expires_at >= now()`,
      [holder, life_s],
    );
  }

  async release(name: string, holder: string): Promise<void> {
    await this.database.query('DELETE FROM leases WHERE name = $1 AND holder = $2', [name, holder]);
  }
}
