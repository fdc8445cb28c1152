import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Initial1795362282197 implements MigrationInterface {
  readonly name = 'Initial1795362282197';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'CREATE TABLE "api_keys" ("id" text NOT NULL, "name" text NOT NULL, "prefix" text NOT NULL, "secret_hash" bytea NOT NULL, "scopes" text array NOT NULL, "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(), "revoked_at" TIMESTAMP WITH TIME ZONE, CONSTRAINT "PK_5c8a79801b44bd27b79228e1dad" PRIMARY KEY ("id"))',
    );
    await runner.query('CREATE UNIQUE INDEX "api_keys_secret" ON "api_keys"  ("secret_hash") ');
    await runner.query('CREATE INDEX "api_keys_by_age" ON "api_keys"  ("created_at", "id") ');
    await runner.query(
      'CREATE TABLE "agents" ("id" text NOT NULL, "enabled" boolean NOT NULL, "version" integer NOT NULL, "generation" integer NOT NULL DEFAULT \'0\', "failure_reason" text, "failure_detail" text, "failures" integer NOT NULL DEFAULT \'0\', "wake_not_before" TIMESTAMP WITH TIME ZONE, "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(), "updated_at" TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(), CONSTRAINT "PK_9c653f28ae19c5884d5baf6a1d9" PRIMARY KEY ("id"))',
    );
    await runner.query(
      'CREATE TABLE "agent_versions" ("agent_id" text NOT NULL, "version" integer NOT NULL, "configuration" jsonb NOT NULL, "model_api_key" text, "restored_from" integer, "created_at" TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(), CONSTRAINT "PK_b392370a19a493bde3c73566159" PRIMARY KEY ("agent_id", "version"))',
    );
    await runner.query(
      'CREATE TABLE "threads" ("id" text NOT NULL, "agent_id" text NOT NULL, "owner" text NOT NULL, "user_id" text, "channel" text NOT NULL, "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(), CONSTRAINT "PK_d8a74804c34fc3900502cd27275" PRIMARY KEY ("id"))',
    );
    await runner.query('CREATE INDEX "threads_by_agent" ON "threads"  ("agent_id", "created_at", "id") ');
    await runner.query(
      'CREATE TABLE "messages" ("id" text NOT NULL, "position" BIGSERIAL NOT NULL, "thread_id" text NOT NULL, "agent_id" text NOT NULL, "role" text NOT NULL, "content" text NOT NULL, "status" text NOT NULL, "in_reply_to" text, "client_message_id" text, "sender" text, "channel" text NOT NULL, "user_id" text, "user_data" jsonb NOT NULL DEFAULT \'{}\', "claimed" jsonb NOT NULL DEFAULT \'{}\', "version" integer NOT NULL, "generation" integer, "error_code" text, "usage" jsonb, "created_at" TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(), "updated_at" TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(), CONSTRAINT "PK_18325f38ae6de43878487eff986" PRIMARY KEY ("id"))',
    );
    await runner.query(
      'CREATE UNIQUE INDEX "messages_one_reply" ON "messages"  ("in_reply_to") WHERE in_reply_to IS NOT NULL',
    );
    await runner.query(
      'CREATE UNIQUE INDEX "messages_repeat_of_first" ON "messages"  ("agent_id", "sender", "client_message_id") WHERE client_message_id IS NOT NULL AND sender IS NOT NULL',
    );
    await runner.query(
      'CREATE UNIQUE INDEX "messages_repeat_in_thread" ON "messages"  ("thread_id", "client_message_id") WHERE client_message_id IS NOT NULL',
    );
    await runner.query('CREATE INDEX "messages_active" ON "messages"  ("agent_id", "updated_at") ');
    await runner.query(
      'CREATE INDEX "messages_owed" ON "messages"  ("agent_id", "position") WHERE status = \'accepted\'',
    );
    await runner.query('CREATE INDEX "messages_in_thread" ON "messages"  ("thread_id", "position") ');
    await runner.query(
      'CREATE TABLE "checkpoints" ("agent_id" text NOT NULL, "thread_id" text NOT NULL, "checkpoint_ns" text NOT NULL, "checkpoint_id" text NOT NULL, "parent_checkpoint_id" text, "value_type" text NOT NULL, "value" bytea NOT NULL, "metadata" jsonb NOT NULL, "created_at" TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(), CONSTRAINT "PK_3bc1edffe209ac21465c20d2c57" PRIMARY KEY ("agent_id", "thread_id", "checkpoint_ns", "checkpoint_id"))',
    );
    await runner.query(
      'CREATE TABLE "checkpoint_writes" ("agent_id" text NOT NULL, "thread_id" text NOT NULL, "checkpoint_ns" text NOT NULL, "checkpoint_id" text NOT NULL, "task_id" text NOT NULL, "index" integer NOT NULL, "channel" text NOT NULL, "value_type" text NOT NULL, "value" bytea NOT NULL, CONSTRAINT "PK_bfe95a512aae3df146790383583" PRIMARY KEY ("agent_id", "thread_id", "checkpoint_ns", "checkpoint_id", "task_id", "index"))',
    );
    await runner.query(
      'CREATE TABLE "idempotency_keys" ("subject" text NOT NULL, "key" text NOT NULL, "request_hash" bytea NOT NULL, "status" integer, "sealed_body" text, "created_at" TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(), CONSTRAINT "PK_1ba62989dcb5b1f00b90d92d427" PRIMARY KEY ("subject", "key"))',
    );
    await runner.query('CREATE INDEX "idempotency_keys_by_age" ON "idempotency_keys"  ("created_at") ');
    await runner.query(
      'CREATE TABLE "instances" ("id" text NOT NULL, "agent_id" text NOT NULL, "generation" integer NOT NULL, "state" text NOT NULL, "deadline" TIMESTAMP WITH TIME ZONE, "code_hash" bytea, "token_hash" bytea, "running_version" integer, "restart_wanted" boolean NOT NULL DEFAULT false, "by_hand" boolean NOT NULL DEFAULT false, "created_at" TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(), "ready_at" TIMESTAMP WITH TIME ZONE, "ended_at" TIMESTAMP WITH TIME ZONE, "keep_until" TIMESTAMP WITH TIME ZONE, CONSTRAINT "PK_11862209053330b4765f7f54178" PRIMARY KEY ("id"))',
    );
    await runner.query('CREATE UNIQUE INDEX "instances_token" ON "instances"  ("token_hash") ');
    await runner.query(
      'CREATE INDEX "instances_kept" ON "instances"  ("keep_until") WHERE keep_until IS NOT NULL',
    );
    await runner.query(
      'CREATE UNIQUE INDEX "instances_live" ON "instances"  ("agent_id") WHERE ended_at IS NULL',
    );
    await runner.query(
      'CREATE UNIQUE INDEX "instances_generation" ON "instances"  ("agent_id", "generation") ',
    );
    await runner.query(
      'CREATE TABLE "leases" ("name" text NOT NULL, "holder" text NOT NULL, "expires_at" TIMESTAMP WITH TIME ZONE NOT NULL, CONSTRAINT "PK_8f564523b661f9e2648c3377687" PRIMARY KEY ("name"))',
    );
    await runner.query(
      'ALTER TABLE "agent_versions" ADD CONSTRAINT "FK_d17f495bbb2d8a2233b93166b04" FOREIGN KEY ("agent_id") REFERENCES "agents"("id") ON DELETE CASCADE ON UPDATE NO ACTION',
    );
    await runner.query(
      'ALTER TABLE "threads" ADD CONSTRAINT "FK_7a1891af1e35a5f684578fe0ca8" FOREIGN KEY ("agent_id") REFERENCES "agents"("id") ON DELETE CASCADE ON UPDATE NO ACTION',
    );
    await runner.query(
      'ALTER TABLE "messages" ADD CONSTRAINT "FK_bb3af7f695d50083e6523290d41" FOREIGN KEY ("thread_id") REFERENCES "threads"("id") ON DELETE CASCADE ON UPDATE NO ACTION',
    );
    await runner.query(
      'ALTER TABLE "messages" ADD CONSTRAINT "FK_80491b9bf9dd087246f6de958c8" FOREIGN KEY ("agent_id") REFERENCES "agents"("id") ON DELETE CASCADE ON UPDATE NO ACTION',
    );
    await runner.query(
      'ALTER TABLE "instances" ADD CONSTRAINT "FK_177d889b335b29ab34655af49d0" FOREIGN KEY ("agent_id") REFERENCES "agents"("id") ON DELETE CASCADE ON UPDATE NO ACTION',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE "instances" DROP CONSTRAINT "FK_177d889b335b29ab34655af49d0"');
    await runner.query('ALTER TABLE "messages" DROP CONSTRAINT "FK_80491b9bf9dd087246f6de958c8"');
    await runner.query('ALTER TABLE "messages" DROP CONSTRAINT "FK_bb3af7f695d50083e6523290d41"');
    await runner.query('ALTER TABLE "threads" DROP CONSTRAINT "FK_7a1891af1e35a5f684578fe0ca8"');
    await runner.query('ALTER TABLE "agent_versions" DROP CONSTRAINT "FK_d17f495bbb2d8a2233b93166b04"');
    await runner.query('DROP TABLE "leases"');
    await runner.query('DROP INDEX "public"."instances_generation"');
    await runner.query('DROP INDEX "public"."instances_live"');
    await runner.query('DROP INDEX "public"."instances_kept"');
    await runner.query('DROP INDEX "public"."instances_token"');
    await runner.query('DROP TABLE "instances"');
    await runner.query('DROP INDEX "public"."idempotency_keys_by_age"');
    await runner.query('DROP TABLE "idempotency_keys"');
    await runner.query('DROP TABLE "checkpoint_writes"');
    await runner.query('DROP TABLE "checkpoints"');
    await runner.query('DROP INDEX "public"."messages_in_thread"');
    await runner.query('DROP INDEX "public"."messages_owed"');
    await runner.query('DROP INDEX "public"."messages_active"');
    await runner.query('DROP INDEX "public"."messages_repeat_in_thread"');
    await runner.query('DROP INDEX "public"."messages_repeat_of_first"');
    await runner.query('DROP INDEX "public"."messages_one_reply"');
    await runner.query('DROP TABLE "messages"');
    await runner.query('DROP INDEX "public"."threads_by_agent"');
    await runner.query('DROP TABLE "threads"');
    await runner.query('DROP TABLE "agent_versions"');
    await runner.query('DROP TABLE "agents"');
    await runner.query('DROP INDEX "public"."api_keys_by_age"');
    await runner.query('DROP INDEX "public"."api_keys_secret"');
    await runner.query('DROP TABLE "api_keys"');
  }
}
