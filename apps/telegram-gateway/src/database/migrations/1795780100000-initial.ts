import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Initial1795780100000 implements MigrationInterface {
  readonly name = 'Initial1795780100000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE "telegram"."bots" ("bot_id" bigint NOT NULL, "agent_id" text NOT NULL, "username" text NOT NULL, "mode" text NOT NULL, "desired" text NOT NULL, "state" text NOT NULL, "last_error" jsonb, "last_update_at" TIMESTAMP WITH TIME ZONE, "next_update_id" bigint NOT NULL DEFAULT '0', "webhook_secret_hash" bytea, "silent_until" TIMESTAMP WITH TIME ZONE, "holder" text, "held_until" TIMESTAMP WITH TIME ZONE, "epoch" integer NOT NULL DEFAULT '0', CONSTRAINT "PK_d27c540fee87b591a435d36baf6" PRIMARY KEY ("bot_id"))`,
    );
    await runner.query(
      `CREATE UNIQUE INDEX "bots_agent" ON "telegram"."bots" ("agent_id") WHERE desired = 'started'`,
    );
    await runner.query(
      `CREATE TABLE "telegram"."conversations" ("bot_id" bigint NOT NULL, "chat_id" bigint NOT NULL, "topic_id" bigint NOT NULL, "thread_id" text, CONSTRAINT "PK_703175c56570cc6bf9870f88ead" PRIMARY KEY ("bot_id", "chat_id", "topic_id"))`,
    );
    await runner.query(
      `CREATE TABLE "telegram"."users" ("bot_id" bigint NOT NULL, "user_id" bigint NOT NULL, "phone_number" text NOT NULL, "shared_at" TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(), CONSTRAINT "PK_48d56cbf6133de5af105448c2e8" PRIMARY KEY ("bot_id", "user_id"))`,
    );
    await runner.query(
      `CREATE TABLE "telegram"."updates" ("bot_id" bigint NOT NULL, "update_id" bigint NOT NULL, "seq" BIGSERIAL NOT NULL, "payload" jsonb, "state" text NOT NULL DEFAULT 'received', "outcome" text, "thread_id" text, "shown_message_id" bigint, "received_at" TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(), "done_at" TIMESTAMP WITH TIME ZONE, CONSTRAINT "PK_305413df7e00f3abc6a0a3ea362" PRIMARY KEY ("bot_id", "update_id"))`,
    );
    await runner.query(
      `CREATE INDEX "updates_open" ON "telegram"."updates" ("bot_id", "seq") WHERE state <> 'done'`,
    );
    await runner.query(
      `CREATE TABLE "telegram"."outgoing" ("id" BIGSERIAL NOT NULL, "bot_id" bigint NOT NULL, "chat_id" bigint NOT NULL, "update_id" bigint NOT NULL, "name" text NOT NULL, "message" jsonb, "state" text NOT NULL DEFAULT 'waiting', "attempts" integer NOT NULL DEFAULT '0', "not_before" TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(), "refusal" text, "message_id" bigint, "created_at" TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(), "done_at" TIMESTAMP WITH TIME ZONE, CONSTRAINT "outgoing_once" UNIQUE ("bot_id", "update_id", "name"), CONSTRAINT "PK_3f2096da38b8cfeb13cfea4672d" PRIMARY KEY ("id"))`,
    );
    await runner.query(
      `CREATE INDEX "outgoing_open" ON "telegram"."outgoing" ("bot_id", "chat_id", "id") WHERE state IN ('waiting', 'sending')`,
    );
    await runner.query(
      `ALTER TABLE "telegram"."conversations" ADD CONSTRAINT "FK_c240455af2ac4d2e388b4722b7e" FOREIGN KEY ("bot_id") REFERENCES "telegram"."bots"("bot_id") ON DELETE CASCADE ON UPDATE NO ACTION`,
    );
    await runner.query(
      `ALTER TABLE "telegram"."users" ADD CONSTRAINT "FK_fd50e132108fe33b4573fe3fa82" FOREIGN KEY ("bot_id") REFERENCES "telegram"."bots"("bot_id") ON DELETE CASCADE ON UPDATE NO ACTION`,
    );
    await runner.query(
      `ALTER TABLE "telegram"."updates" ADD CONSTRAINT "FK_2c390748832ebfa89f76f9dc067" FOREIGN KEY ("bot_id") REFERENCES "telegram"."bots"("bot_id") ON DELETE CASCADE ON UPDATE NO ACTION`,
    );
    await runner.query(
      `ALTER TABLE "telegram"."outgoing" ADD CONSTRAINT "FK_1bb365c9cf137330e52a2a5de38" FOREIGN KEY ("bot_id") REFERENCES "telegram"."bots"("bot_id") ON DELETE CASCADE ON UPDATE NO ACTION`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE "telegram"."outgoing" DROP CONSTRAINT "FK_1bb365c9cf137330e52a2a5de38"`);
    await runner.query(`ALTER TABLE "telegram"."updates" DROP CONSTRAINT "FK_2c390748832ebfa89f76f9dc067"`);
    await runner.query(`ALTER TABLE "telegram"."users" DROP CONSTRAINT "FK_fd50e132108fe33b4573fe3fa82"`);
    await runner.query(
      `ALTER TABLE "telegram"."conversations" DROP CONSTRAINT "FK_c240455af2ac4d2e388b4722b7e"`,
    );
    await runner.query(`DROP INDEX "telegram"."outgoing_open"`);
    await runner.query(`DROP TABLE "telegram"."outgoing"`);
    await runner.query(`DROP INDEX "telegram"."updates_open"`);
    await runner.query(`DROP TABLE "telegram"."updates"`);
    await runner.query(`DROP TABLE "telegram"."users"`);
    await runner.query(`DROP TABLE "telegram"."conversations"`);
    await runner.query(`DROP INDEX "telegram"."bots_agent"`);
    await runner.query(`DROP TABLE "telegram"."bots"`);
  }
}
