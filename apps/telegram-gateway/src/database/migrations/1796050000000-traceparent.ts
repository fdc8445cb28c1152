import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Traceparent1796050000000 implements MigrationInterface {
  readonly name = 'Traceparent1796050000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE "telegram"."outgoing" ADD "traceparent" text`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE "telegram"."outgoing" DROP COLUMN "traceparent"`);
  }
}
