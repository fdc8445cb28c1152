import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { tsconfigPaths: true },
  test: {
    include: ['**/*.spec.ts'],
    globalSetup: ['./libs/devstack/src/vitest.setup.ts'],
    setupFiles: ['./libs/devstack/src/waiting.setup.ts'],
    // Tests wait for real servers more than they compute; importing frameworks anew for each file is most of that.
    maxWorkers: 2,
    isolate: false,
    // The machine may be busy.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
