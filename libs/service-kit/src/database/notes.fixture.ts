import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import { migratingOptions, servingOptions } from './postgres.options';

class Notes1700000000001 implements MigrationInterface {
  name = 'Notes1700000000001';
  up = (runner: QueryRunner): Promise<void> => runner.query('CREATE TABLE notes (id int)');
  down = (runner: QueryRunner): Promise<void> => runner.query('DROP TABLE notes');
}

class Remark1700000000002 implements MigrationInterface {
  name = 'Remark1700000000002';
  up = (runner: QueryRunner): Promise<void> => runner.query('ALTER TABLE notes ADD remark text');
  down = (runner: QueryRunner): Promise<void> => runner.query('ALTER TABLE notes DROP remark');
}

const before = [Notes1700000000001];
const all = [Notes1700000000001, Remark1700000000002];

/** A service of two releases: the second adds a column. */
export const servingNotes = (url: string) => ({
  ...servingOptions({ url, pool_size: 2, application_name: 'notes' }),
  migrations: all,
});

export const migratingNotes = (url: string, release: 1 | 2): DataSource =>
  new DataSource({
    ...migratingOptions({ url, application_name: 'notes-migrate' }),
    migrations: release === 1 ? before : all,
  });
