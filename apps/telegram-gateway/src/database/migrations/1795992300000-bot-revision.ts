import type { MigrationInterface, QueryRunner } from 'typeorm';

export class BotRevision1795992300000 implements MigrationInterface {
  readonly name = 'BotRevision1795992300000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE "telegram"."bots" ADD "revision" integer NOT NULL DEFAULT '0'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE "telegram"."bots" DROP COLUMN "revision"`);
  }
}
