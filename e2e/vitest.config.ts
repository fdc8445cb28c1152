import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

/** Files with containers and faults: one at a time keeps their deadlines honest. */
const alone = ['e2e/{browser,compose,docker,faults,kubernetes}/**/*.spec.ts'];

const files = (
  name: string,
  test: NonNullable<TestProjectInlineConfiguration['test']>,
): TestProjectInlineConfiguration => ({
  resolve: { tsconfigPaths: true },
  test: {
    name,
    setupFiles: ['./libs/devstack/src/waiting.setup.ts'],
    testTimeout: 90_000,
    hookTimeout: 600_000,
    ...test,
  },
});

export default defineConfig({
  resolve: { tsconfigPaths: true },
  test: {
    globalSetup: ['./e2e/bundles.setup.ts', './libs/devstack/src/vitest.setup.ts'],
    projects: [
      files('side by side', {
        include: ['e2e/**/*.spec.ts'],
        exclude: alone,
        maxWorkers: 2,
        sequence: { groupOrder: 0 },
      }),
      files('alone', { include: alone, maxWorkers: 1, sequence: { groupOrder: 1 } }),
    ],
  },
});
