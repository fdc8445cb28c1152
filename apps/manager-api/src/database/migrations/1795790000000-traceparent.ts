import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Traceparent1795790000000 implements MigrationInterface {
  readonly name = 'Traceparent1795790000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE "messages" ADD "traceparent" text');
    // Managers of the release before hold plans of `RETURNING *`, which fail from now on: on new connections they are
    // made anew. Whoever asks for the table meanwhile waits for the lock, so that no such plan is met before.
    await runner.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND usename = current_user
         AND application_name = 'roost-manager' AND pid <> pg_backend_pid()`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE "messages" DROP COLUMN "traceparent"');
  }
}
