import type { MigrationInterface, QueryRunner } from 'typeorm';

export class MessageWhileBusy1795370800000 implements MigrationInterface {
  readonly name = 'MessageWhileBusy1795370800000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE "agents" ADD "on_busy" text NOT NULL DEFAULT \'enqueue\'');
    await runner.query('ALTER TABLE "messages" ADD "exclusive" boolean NOT NULL DEFAULT false');
    await runner.query('ALTER TABLE "messages" ADD "cancel_requested_at" TIMESTAMP WITH TIME ZONE');
    await runner.query('ALTER TABLE "messages" ADD "interrupted" boolean NOT NULL DEFAULT false');
    await runner.query('ALTER TABLE "messages" ADD "joined_into" text');
    await runner.query(
      'CREATE INDEX "messages_to_cancel" ON "messages"  ("cancel_requested_at") WHERE status = \'accepted\' AND cancel_requested_at IS NOT NULL',
    );
    await runner.query(
      'CREATE UNIQUE INDEX "messages_one_at_a_time" ON "messages"  ("thread_id") WHERE status = \'accepted\' AND exclusive',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX "public"."messages_one_at_a_time"');
    await runner.query('DROP INDEX "public"."messages_to_cancel"');
    await runner.query('ALTER TABLE "messages" DROP COLUMN "joined_into"');
    await runner.query('ALTER TABLE "messages" DROP COLUMN "interrupted"');
    await runner.query('ALTER TABLE "messages" DROP COLUMN "cancel_requested_at"');
    await runner.query('ALTER TABLE "messages" DROP COLUMN "exclusive"');
    await runner.query('ALTER TABLE "agents" DROP COLUMN "on_busy"');
  }
}
