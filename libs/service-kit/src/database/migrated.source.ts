import { DataSource, type DataSourceOptions, MigrationExecutor } from 'typeorm';

/** Connects to a database that has what this release needs. @throws when it does not: the migrations come first. */
export async function migratedSource(options: DataSourceOptions): Promise<DataSource> {
  const source = await new DataSource(options).initialize();
  try {
    const pending = await new MigrationExecutor(source).getPendingMigrations();
    if (pending.length === 0) return source;
    const names = pending.map(({ name }) => name).join(', ');
    throw new Error(`The database lacks ${names}: run the migrations of this release first.`);
  } catch (error) {
    await source.destroy();
    throw error;
  }
}

/** For Nest's `TypeOrmModule.forRootAsync`: waits a few seconds for PostgreSQL and its migrations. */
export const migratedDatabase = (options: DataSourceOptions) => ({
  useFactory: () => ({ ...options, retryAttempts: 5, retryDelay: 1_000 }),
  dataSourceFactory: () => migratedSource(options),
});
