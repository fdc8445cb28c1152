import { schemaDiff } from '@roost/service-kit/database';
import { writeFile } from 'node:fs/promises';
import { createMigrationSource } from './data-source';

/**
 * Writes a migration for what the entities have and the migrated database lacks.
 * Usage: DATABASE_URL=… npm run migration:generate -- <name>
 */
const name = process.argv[2] ?? '';
if (!/^[a-z][a-z0-9-]*$/.test(name)) {
  console.error('Name the migration in kebab-case: npm run migration:generate -- add-something');
  process.exit(2);
}
// eslint-disable-next-line no-restricted-properties -- a developer's tool, not an app: it has no config.ts
const dataSource = await createMigrationSource(process.env['DATABASE_URL'] ?? '').initialize();
await dataSource.runMigrations();
const { up, down } = await schemaDiff(dataSource);
await dataSource.destroy();
if (up.length === 0) {
  console.log('Migrations and entities agree; nothing to write.');
} else {
  const timestamp = Date.now();
  const className = `${name.replace(/(^|-)([a-z0-9])/g, (_match, _dash, letter: string) => letter.toUpperCase())}${timestamp}`;
  const statements = (queries: string[]): string =>
    queries.map((query) => `    await runner.query(${JSON.stringify(query)});`).join('\n');
  const file = `apps/manager-api/src/database/migrations/${timestamp}-${name}.ts`;
  await writeFile(
    file,
    `import type { MigrationInterface, QueryRunner } from 'typeorm';

export class ${className} implements MigrationInterface {
  readonly name = '${className}';

  async up(runner: QueryRunner): Promise<void> {
${statements(up)}
  }

  async down(runner: QueryRunner): Promise<void> {
${statements(down)}
  }
}
`,
  );
  console.log(`Wrote ${file}; read it, then add it to migrations/index.ts.`);
}
