export { indexConcurrently } from './index.concurrently';
export { migratedDatabase, migratedSource } from './migrated.source';
export { migrate, runMigrations } from './migrate';
export { migratingOptions, servingOptions } from './postgres.options';
export { schemaDiff } from './schema-diff';
