import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { tsconfigPaths: true },
  test: {
    include: ['**/*.spec.ts'],
    globalSetup: ['./libs/devstack/src/vitest.setup.ts'],
    setupFiles: ['./libs/devstack/src/waiting.setup.ts'],
    // Tests start real servers, and the machine may be busy.
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
