import type { MigrationInterface, QueryRunner } from 'typeorm';

export class WarmPool1795371339000 implements MigrationInterface {
  readonly name = 'WarmPool1795371339000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'CREATE TABLE "pool_instances" ("id" text NOT NULL, "state" text NOT NULL, "template" text NOT NULL, "memory_mb" integer NOT NULL, "deadline" TIMESTAMP WITH TIME ZONE, "code_hash" bytea, "token_hash" bytea, "created_at" TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(), "ready_at" TIMESTAMP WITH TIME ZONE, CONSTRAINT "PK_d903e21ed99fead783f82989132" PRIMARY KEY ("id"))',
    );
    await runner.query(
      'CREATE INDEX "pool_instances_ready" ON "pool_instances"  ("template", "ready_at") WHERE state = \'ready\'',
    );
    await runner.query('ALTER TABLE "instances" ADD "claimed" boolean NOT NULL DEFAULT false');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE "instances" DROP COLUMN "claimed"');
    await runner.query('DROP INDEX "public"."pool_instances_ready"');
    await runner.query('DROP TABLE "pool_instances"');
  }
}
