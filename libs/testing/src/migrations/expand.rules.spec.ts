import { describe, expect, it } from 'vitest';
import { harmsOf, type Step } from './expand.rules';

const harms = (statements: string[], step: Step = {}) =>
  harmsOf(step, async (runner) => {
    for (const sql of statements) await runner.query(sql);
  });

describe('a migration', () => {
  it.each([
    ['ALTER TABLE "messages" ADD "note" text'],
    ['ALTER TABLE "messages" ADD "seen" boolean NOT NULL DEFAULT false'],
    ['CREATE INDEX CONCURRENTLY "by_note" ON "messages" ("note")'],
    ['ALTER TABLE "messages" ADD CONSTRAINT "short" CHECK (length(note) < 9) NOT VALID'],
    ['CREATE TABLE "notes" ("id" text NOT NULL)', 'CREATE INDEX "by_id" ON "notes" ("id")'],
    ['CREATE TABLE "a"."notes" ("id" text)', 'ALTER TABLE "a"."notes" ADD CONSTRAINT "f" FOREIGN KEY ("id")'],
  ])('may run beside the release before: %s', async (...statements) => {
    expect(await harms(statements)).toEqual([]);
  });

  it.each([
    ['DROP TABLE "notes"', 'takes away'],
    ['ALTER TABLE "messages" DROP COLUMN "note"', 'takes away'],
    ['ALTER TABLE "messages" RENAME COLUMN "note" TO "remark"', 'renames'],
    ['ALTER TABLE "messages" ALTER COLUMN "note" TYPE jsonb', 'changes a type'],
    ['ALTER TABLE "messages" ALTER COLUMN "note" SET NOT NULL', 'refuses rows'],
    ['ALTER TABLE "messages" ADD "note" text NOT NULL', 'DEFAULT'],
    ['ALTER TABLE "messages" ALTER "note" DROP DEFAULT', 'refuses rows'],
    ['ALTER TABLE "messages" DROP CONSTRAINT "unique_note"', 'ON CONFLICT'],
    ['DROP INDEX "by_note"', 'ON CONFLICT'],
    ['ALTER TABLE "messages" ADD CONSTRAINT "u" UNIQUE ("note")', 'USING INDEX'],
    ['CREATE UNIQUE INDEX "by_note" ON "messages" ("note")', 'indexConcurrently'],
    ['ALTER TABLE "messages" ADD CONSTRAINT "f" FOREIGN KEY ("note") REFERENCES "notes"("id")', 'NOT VALID'],
  ])('harms the release before: %s', async (sql, harm) => {
    expect(await harms([sql])).toEqual([expect.stringContaining(harm)]);
  });

  it('may take away what it says nobody uses any more', async () => {
    const contract = 'no release since 0.2 reads it';
    expect(await harms(['ALTER TABLE "messages" DROP COLUMN "note"'], { contract })).toEqual([]);
  });

  it('may not lock a table for long, whatever it says', async () => {
    const contract = 'no release since 0.2 reads it';
    expect(await harms(['CREATE INDEX "by_note" ON "messages" ("note")'], { contract })).toHaveLength(1);
  });
});
