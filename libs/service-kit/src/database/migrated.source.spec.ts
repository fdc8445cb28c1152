import { sharedStack } from '@roost/devstack';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { migrate } from './migrate';
import { migratedSource } from './migrated.source';
import { migratingNotes, servingNotes } from './notes.fixture';

const logger = pino({ enabled: false });

it('a service does not serve from a database that lacks a migration of its release', async () => {
  const database = await (await sharedStack()).createDatabase('migrated');
  try {
    await migrate(migratingNotes(database.url, 1), 1, logger);
    await expect(migratedSource(servingNotes(database.url))).rejects.toThrow(
      'The database lacks Remark1700000000002: run the migrations of this release first.',
    );
    await migrate(migratingNotes(database.url, 2), 1, logger);
    await (await migratedSource(servingNotes(database.url))).destroy();
  } finally {
    await database.drop();
  }
});
