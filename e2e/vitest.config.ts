import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { tsconfigPaths: true },
  test: {
    include: ['e2e/**/*.spec.ts'],
    globalSetup: ['./e2e/bundles.setup.ts', './libs/devstack/src/vitest.setup.ts'],
    setupFiles: ['./libs/devstack/src/waiting.setup.ts'],
    // Files share the machine's engine and processors; one at a time keeps their deadlines honest.
    fileParallelism: false,
    testTimeout: 90_000,
    hookTimeout: 600_000,
  },
});
