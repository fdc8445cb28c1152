import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Citations1795380600000 implements MigrationInterface {
  readonly name = 'Citations1795380600000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE "messages" ADD "citations" jsonb');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE "messages" DROP COLUMN "citations"');
  }
}
