import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Traceparent1795790000000 implements MigrationInterface {
  readonly name = 'Traceparent1795790000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE "messages" ADD "traceparent" text');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE "messages" DROP COLUMN "traceparent"');
  }
}
