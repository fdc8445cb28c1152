import type { MigrationInterface, QueryRunner } from 'typeorm';

export class KnowledgeStore1795383100000 implements MigrationInterface {
  readonly name = 'KnowledgeStore1795383100000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'CREATE TABLE "knowledge_collections" ("name" text NOT NULL, "model" text NOT NULL, "dimensions" integer NOT NULL, CONSTRAINT "PK_b9060855c05aa632b41f77de7d8" PRIMARY KEY ("name"))',
    );
    await runner.query(
      'CREATE TABLE "knowledge_chunks" ("chunk_id" uuid NOT NULL, "knowledge_base_id" text NOT NULL, "document_id" text NOT NULL, "revision" integer NOT NULL, "published" boolean NOT NULL DEFAULT false, "position" integer NOT NULL, "title" text NOT NULL, "text" text NOT NULL, "source_url" text, "metadata" jsonb NOT NULL, "embedding" bytea NOT NULL, "terms" integer array NOT NULL, "frequencies" smallint array NOT NULL, "length" integer NOT NULL, CONSTRAINT "PK_1ec182620d9f57910f83efdde24" PRIMARY KEY ("chunk_id"))',
    );
    // Vectors do not compress, and every one is read by every search: trying to costs time and saves nothing.
    await runner.query('ALTER TABLE "knowledge_chunks" ALTER COLUMN "embedding" SET STORAGE EXTERNAL');
    await runner.query(
      'CREATE INDEX "IDX_8a013860616972d6ee78672426" ON "knowledge_chunks" ("knowledge_base_id", "published")',
    );
    await runner.query(
      'CREATE INDEX "IDX_515a40b3c7b9afc56a21b0829f" ON "knowledge_chunks" ("document_id", "revision")',
    );
    // TypeORM has no word for an inverted index; the entity leaves it alone.
    await runner.query('CREATE INDEX "IDX_knowledge_chunks_terms" ON "knowledge_chunks" USING gin ("terms")');
    await runner.query(
      'CREATE TABLE "embedding_cache" ("key" bytea NOT NULL, "vector" bytea NOT NULL, "used_at" TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(), CONSTRAINT "PK_4051fd96248e75b07dfed335c0a" PRIMARY KEY ("key"))',
    );
    await runner.query('ALTER TABLE "embedding_cache" ALTER COLUMN "vector" SET STORAGE EXTERNAL');
    await runner.query('CREATE INDEX "IDX_bb47b722a6d4f8293b896467bc" ON "embedding_cache" ("used_at")');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE "embedding_cache"');
    await runner.query('DROP TABLE "knowledge_chunks"');
    await runner.query('DROP TABLE "knowledge_collections"');
  }
}
