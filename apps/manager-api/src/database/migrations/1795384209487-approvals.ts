import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Approvals1795384209487 implements MigrationInterface {
  readonly name = 'Approvals1795384209487';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'CREATE TABLE "approvals" ("id" text NOT NULL, "agent_id" text NOT NULL, "thread_id" text NOT NULL, "message_id" text NOT NULL, "tool" text NOT NULL, "arguments" jsonb NOT NULL, "state" text NOT NULL DEFAULT \'pending\', "edited_arguments" jsonb, "reason" text, "decided_by" text, "decided_at" TIMESTAMP(3) WITH TIME ZONE, "expires_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL, "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(), CONSTRAINT "PK_690417aaefa84d18b1a59e2a499" PRIMARY KEY ("id"))',
    );
    await runner.query(
      'CREATE INDEX "approvals_to_expire" ON "approvals"  ("expires_at") WHERE state = \'pending\'',
    );
    await runner.query(
      'CREATE INDEX "approvals_in_thread" ON "approvals"  ("thread_id", "created_at", "id") ',
    );
    await runner.query('CREATE INDEX "approvals_of_message" ON "approvals"  ("message_id") ');
    await runner.query('ALTER TABLE "threads" ADD "pauses" integer NOT NULL DEFAULT \'0\'');
    await runner.query('ALTER TABLE "messages" ADD "said" text');
    await runner.query(
      'CREATE INDEX "messages_paused" ON "messages"  ("agent_id", "thread_id") WHERE status = \'paused\'',
    );
    await runner.query(
      'ALTER TABLE "approvals" ADD CONSTRAINT "FK_32f4f46c292a3156a0e73c044b5" FOREIGN KEY ("thread_id") REFERENCES "threads"("id") ON DELETE CASCADE ON UPDATE NO ACTION',
    );
    await runner.query(
      'ALTER TABLE "approvals" ADD CONSTRAINT "FK_04f6a69df22f3e9ef3825253a4d" FOREIGN KEY ("message_id") REFERENCES "messages"("id") ON DELETE CASCADE ON UPDATE NO ACTION',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE "approvals" DROP CONSTRAINT "FK_04f6a69df22f3e9ef3825253a4d"');
    await runner.query('ALTER TABLE "approvals" DROP CONSTRAINT "FK_32f4f46c292a3156a0e73c044b5"');
    await runner.query('DROP INDEX "public"."messages_paused"');
    await runner.query('ALTER TABLE "messages" DROP COLUMN "said"');
    await runner.query('ALTER TABLE "threads" DROP COLUMN "pauses"');
    await runner.query('DROP INDEX "public"."approvals_of_message"');
    await runner.query('DROP INDEX "public"."approvals_in_thread"');
    await runner.query('DROP INDEX "public"."approvals_to_expire"');
    await runner.query('DROP TABLE "approvals"');
  }
}
