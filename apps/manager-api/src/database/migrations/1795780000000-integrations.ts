import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Integrations1795780000000 implements MigrationInterface {
  readonly name = 'Integrations1795780000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE "agent_versions" ADD "integration_tokens" jsonb NOT NULL DEFAULT '{}'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE "agent_versions" DROP COLUMN "integration_tokens"');
  }
}
