import type { MigrationInterface, QueryRunner } from 'typeorm';

export class AgentSecrets1795383341290 implements MigrationInterface {
  readonly name = 'AgentSecrets1795383341290';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE "agent_versions" ADD "secrets" jsonb NOT NULL DEFAULT '{}'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE "agent_versions" DROP COLUMN "secrets"');
  }
}
