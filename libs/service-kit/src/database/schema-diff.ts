import type { DataSource } from 'typeorm';

/** The statements that would bring the migrated database to what the entities say; empty when they agree. */
export async function schemaDiff(dataSource: DataSource): Promise<{ up: string[]; down: string[] }> {
  const diff = await dataSource.driver.createSchemaBuilder().log();
  return {
    up: diff.upQueries.map(({ query }) => query),
    down: diff.downQueries.map(({ query }) => query).reverse(),
  };
}
