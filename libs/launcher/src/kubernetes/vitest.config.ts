import { defineConfig } from 'vitest/config';

/** What needs a real cluster; `npm run test:k8s` checks first that there is one. */
export default defineConfig({
  resolve: { tsconfigPaths: true },
  test: {
    include: ['libs/launcher/src/kubernetes/*.cluster.ts'],
    setupFiles: ['./libs/devstack/src/waiting.setup.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: ['verbose'],
  },
});
