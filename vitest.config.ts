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
    // Hygiene's own code (HYG-36): its workers and what its command line uses. Tests perform actions in their own process,
    // so what is counted is what they reach; what only runs in a worker's process counts as not covered.
    coverage: {
      provider: 'v8',
      include: ['packages/workers/src/**/*.ts', 'packages/host/src/cli/**/*.ts'],
      exclude: [
        '**/*.test.ts',
        '**/testing/**',
        '**/testing.ts',
        '**/fixtures/**',
        // Verbs of other pages.
        'packages/host/src/cli/commands/{audit,clean,data,doing,grant,guide,listen,migrate,pins,time-option}.ts',
        'packages/host/src/cli/commands/{trigger,trigger-*,work,workers}.ts',
        'packages/host/src/cli/commands/{add-packages,authoring,catalogue,download-package,fetch-package,packages}.ts',
        'packages/host/src/cli/commands/{held-by-other,licences,review,signers,skills,skill-authoring}.ts',
        'packages/host/src/cli/commands/{mcp,mcp-login,sandbox-host,schema,trust,worker-why}.ts',
        'packages/host/src/cli/{login/**,doctor/packages.ts}',
        'packages/host/src/cli/show/{figures,lacking,login-text,offer,provenance,skill-needs,tell-reload,why-here}.ts',
        'packages/workers/src/mcp-bridge/**',
        'packages/host/src/cli/run/perform-missing.ts',
      ],
      reportOnFailure: true,
      reporter: [['text', { skipFull: true }], 'text-summary'],
      thresholds: {
        'packages/workers/src/**/*.ts': { lines: 95 },
        'packages/host/src/cli/**/*.ts': { lines: 95 },
      },
    },
  },
});
