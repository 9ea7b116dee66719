import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'packages/*/test/**/*.test.ts', 'scripts/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', '**/fixtures/**'],
    globalSetup: ['scripts/test-build.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Real programs, real sandboxes: more workers than cores only makes them slower.
    maxWorkers: 2,
  },
});
