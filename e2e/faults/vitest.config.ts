import { defineConfig } from 'vitest/config';

/** The fault suite alone; `FAULTS=full` makes it the whole of it. */
export default defineConfig({
  resolve: { tsconfigPaths: true },
  test: {
    include: ['e2e/faults/**/*.spec.ts'],
    globalSetup: ['./e2e/bundles.setup.ts', './libs/devstack/src/vitest.setup.ts'],
    setupFiles: ['./libs/devstack/src/waiting.setup.ts'],
    fileParallelism: false,
    testTimeout: 15 * 60_000,
    hookTimeout: 10 * 60_000,
    reporters: ['verbose'],
  },
});
