import type { MigrationInterface, QueryRunner } from 'typeorm';

export class WakeTimeline1795369500000 implements MigrationInterface {
  readonly name = 'WakeTimeline1795369500000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE "messages" ADD "timeline" jsonb');
    await runner.query('ALTER TABLE "instances" ADD "process_started_at" TIMESTAMP WITH TIME ZONE');
    await runner.query('ALTER TABLE "instances" ADD "exchanged_at" TIMESTAMP WITH TIME ZONE');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE "instances" DROP COLUMN "exchanged_at"');
    await runner.query('ALTER TABLE "instances" DROP COLUMN "process_started_at"');
    await runner.query('ALTER TABLE "messages" DROP COLUMN "timeline"');
  }
}
