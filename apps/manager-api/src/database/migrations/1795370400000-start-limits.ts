import type { MigrationInterface, QueryRunner } from 'typeorm';

export class StartLimits1795370400000 implements MigrationInterface {
  readonly name = 'StartLimits1795370400000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE "agents" ADD "created_by" text');
    await runner.query('ALTER TABLE "instances" ADD "launched_at" TIMESTAMP WITH TIME ZONE');
    await runner.query('UPDATE "instances" SET "launched_at" = "created_at"');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE "instances" DROP COLUMN "launched_at"');
    await runner.query('ALTER TABLE "agents" DROP COLUMN "created_by"');
  }
}
