import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Erasures1795411946744 implements MigrationInterface {
  readonly name = 'Erasures1795411946744';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE "threads" ADD "erasures" integer NOT NULL DEFAULT \'0\'');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE "threads" DROP COLUMN "erasures"');
  }
}
