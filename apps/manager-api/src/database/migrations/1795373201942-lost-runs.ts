import type { MigrationInterface, QueryRunner } from 'typeorm';

export class LostRuns1795373201942 implements MigrationInterface {
  readonly name = 'LostRuns1795373201942';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'CREATE TABLE "lost_runs" ("message_id" text NOT NULL, "instance_id" text NOT NULL, "created_at" TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(), CONSTRAINT "PK_48bc70bdd76b8b256034f2d7610" PRIMARY KEY ("message_id", "instance_id"))',
    );
    await runner.query(
      'ALTER TABLE "lost_runs" ADD CONSTRAINT "FK_b6f635b61ef645fc9d8ee1b7d99" FOREIGN KEY ("message_id") REFERENCES "messages"("id") ON DELETE CASCADE ON UPDATE NO ACTION',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE "lost_runs" DROP CONSTRAINT "FK_b6f635b61ef645fc9d8ee1b7d99"');
    await runner.query('DROP TABLE "lost_runs"');
  }
}
