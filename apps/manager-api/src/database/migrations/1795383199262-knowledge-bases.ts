import type { MigrationInterface, QueryRunner } from 'typeorm';

export class KnowledgeBases1795383199262 implements MigrationInterface {
  readonly name = 'KnowledgeBases1795383199262';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'CREATE TABLE "knowledge_bases" ("id" text NOT NULL, "name" text NOT NULL, "description" text NOT NULL, "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(), "deleted_at" TIMESTAMP WITH TIME ZONE, CONSTRAINT "PK_b7da0ee578e15ebb6213465440d" PRIMARY KEY ("id"))',
    );
    await runner.query('CREATE INDEX "knowledge_bases_by_age" ON "knowledge_bases"  ("created_at", "id") ');
    await runner.query(
      'CREATE TABLE "knowledge_documents" ("id" text NOT NULL, "knowledge_base_id" text NOT NULL, "title" text NOT NULL, "source" text NOT NULL, "name" text NOT NULL, "type" text, "content_hash" text, "bytes" integer, "metadata" jsonb NOT NULL DEFAULT \'{}\', "revision" integer NOT NULL DEFAULT \'1\', "published_revision" integer, "state" text NOT NULL DEFAULT \'queued\', "done" integer NOT NULL DEFAULT \'0\', "total" integer NOT NULL DEFAULT \'0\', "problem" text, "job_id" uuid NOT NULL, "worker" uuid, "lease_until" TIMESTAMP WITH TIME ZONE, "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(), "updated_at" TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(), "deleted_at" TIMESTAMP WITH TIME ZONE, CONSTRAINT "PK_402a3c43fb263aa5289670e4e21" PRIMARY KEY ("id"))',
    );
    await runner.query(
      'CREATE INDEX "knowledge_documents_deleted" ON "knowledge_documents"  ("deleted_at") WHERE deleted_at IS NOT NULL',
    );
    await runner.query(
      `CREATE INDEX "knowledge_documents_unfinished" ON "knowledge_documents"  ("updated_at") WHERE state NOT IN ('ready', 'failed')`,
    );
    await runner.query(
      'CREATE INDEX "knowledge_documents_claimed" ON "knowledge_documents"  ("lease_until") WHERE worker IS NOT NULL',
    );
    await runner.query(
      'CREATE UNIQUE INDEX "knowledge_documents_source" ON "knowledge_documents"  ("knowledge_base_id", "source", "name") WHERE deleted_at IS NULL',
    );
    await runner.query(
      'CREATE INDEX "knowledge_documents_by_age" ON "knowledge_documents"  ("knowledge_base_id", "created_at", "id") ',
    );
    await runner.query(
      'ALTER TABLE "knowledge_documents" ADD CONSTRAINT "FK_b28158151bd8268a08b668540c0" FOREIGN KEY ("knowledge_base_id") REFERENCES "knowledge_bases"("id") ON DELETE CASCADE ON UPDATE NO ACTION',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE "knowledge_documents" DROP CONSTRAINT "FK_b28158151bd8268a08b668540c0"');
    await runner.query('DROP INDEX "public"."knowledge_documents_by_age"');
    await runner.query('DROP INDEX "public"."knowledge_documents_source"');
    await runner.query('DROP INDEX "public"."knowledge_documents_claimed"');
    await runner.query('DROP INDEX "public"."knowledge_documents_unfinished"');
    await runner.query('DROP INDEX "public"."knowledge_documents_deleted"');
    await runner.query('DROP TABLE "knowledge_documents"');
    await runner.query('DROP INDEX "public"."knowledge_bases_by_age"');
    await runner.query('DROP TABLE "knowledge_bases"');
  }
}
