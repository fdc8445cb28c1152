import type { MigrationInterface, QueryRunner } from 'typeorm';

export class UsageAndUsers1795382748775 implements MigrationInterface {
  readonly name = 'UsageAndUsers1795382748775';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'CREATE TABLE "model_prices" ("model" text NOT NULL, "input_per_million" double precision NOT NULL, "output_per_million" double precision NOT NULL, "currency" text NOT NULL, CONSTRAINT "PK_ee677bcb7d535720e754cc67f05" PRIMARY KEY ("model"))',
    );
    await runner.query(
      'CREATE TABLE "token_usage" ("booking_id" text NOT NULL, "kind" text NOT NULL, "model" text NOT NULL, "agent_id" text NOT NULL, "message_id" text, "calls" integer NOT NULL, "input_tokens" bigint NOT NULL, "output_tokens" bigint NOT NULL, "booked_at" TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(), CONSTRAINT "PK_eda764b1ad1f7a4318106703e06" PRIMARY KEY ("booking_id", "kind", "model"))',
    );
    await runner.query('CREATE INDEX "token_usage_by_time" ON "token_usage"  ("booked_at") ');
    await runner.query('CREATE INDEX "token_usage_by_agent" ON "token_usage"  ("agent_id", "booked_at") ');
    await runner.query(
      'CREATE TABLE "user_facts" ("id" text NOT NULL, "agent_id" text NOT NULL, "user_id" text NOT NULL, "text" text NOT NULL, "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(), CONSTRAINT "PK_e5398d227fb6862c9c7f2d13db2" PRIMARY KEY ("id"))',
    );
    await runner.query(
      'CREATE UNIQUE INDEX "user_facts_once" ON "user_facts"  ("agent_id", "user_id", "text") ',
    );
    await runner.query('CREATE INDEX "user_facts_by_user" ON "user_facts"  ("user_id", "created_at", "id") ');
    await runner.query('CREATE INDEX "threads_by_user" ON "threads"  ("user_id") WHERE user_id IS NOT NULL');
    await runner.query(
      'CREATE INDEX "messages_by_user" ON "messages"  ("user_id") WHERE user_id IS NOT NULL',
    );
    await runner.query(
      'ALTER TABLE "user_facts" ADD CONSTRAINT "FK_6508278c1df5e5d914482b1071a" FOREIGN KEY ("agent_id") REFERENCES "agents"("id") ON DELETE CASCADE ON UPDATE NO ACTION',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE "user_facts" DROP CONSTRAINT "FK_6508278c1df5e5d914482b1071a"');
    await runner.query('DROP INDEX "public"."messages_by_user"');
    await runner.query('DROP INDEX "public"."threads_by_user"');
    await runner.query('DROP INDEX "public"."user_facts_by_user"');
    await runner.query('DROP INDEX "public"."user_facts_once"');
    await runner.query('DROP TABLE "user_facts"');
    await runner.query('DROP INDEX "public"."token_usage_by_agent"');
    await runner.query('DROP INDEX "public"."token_usage_by_time"');
    await runner.query('DROP TABLE "token_usage"');
    await runner.query('DROP TABLE "model_prices"');
  }
}
