import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Handoffs1795383942408 implements MigrationInterface {
  readonly name = 'Handoffs1795383942408';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'CREATE TABLE "handoffs" ("calling_message_id" text NOT NULL, "idempotency_key" text NOT NULL, "agent_id" text NOT NULL, "thread_id" text NOT NULL, "message_id" text NOT NULL, "depth" integer NOT NULL, "created_at" TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(), CONSTRAINT "PK_f72f7e7bc021bd0b7311771a882" PRIMARY KEY ("calling_message_id", "idempotency_key"))',
    );
    await runner.query('CREATE UNIQUE INDEX "handoffs_by_message" ON "handoffs"  ("message_id") ');
    await runner.query(
      'ALTER TABLE "handoffs" ADD CONSTRAINT "FK_8cdbd0993e79f14398cf1397f63" FOREIGN KEY ("calling_message_id") REFERENCES "messages"("id") ON DELETE CASCADE ON UPDATE NO ACTION',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE "handoffs" DROP CONSTRAINT "FK_8cdbd0993e79f14398cf1397f63"');
    await runner.query('DROP INDEX "public"."handoffs_by_message"');
    await runner.query('DROP TABLE "handoffs"');
  }
}
