import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lacksPostgres, type PostgresServer, startPostgres } from '../../src/testing/postgres-server.ts';
import { type Kill, killCase, playCalmly } from './crash-case.ts';
import { readCases } from './read-cases.ts';

/**
 * A process dies in the middle of each case of the conformance suite, and another finishes it. All appends of all cases are
 * gone through by `npm run crash-matrix`, see docs/crash-matrix.md.
 */
const cases = readCases();

/** Where much is under way at once, or people and other runs are waited for. */
const SHARED: ReadonlySet<string> = new Set([
  'child',
  'parallel-fails',
  'retry',
  'cancel-running',
  'approval',
  'once',
  'artifact',
]);

const middle = (appends: number) => Math.ceil(appends / 2);

describe('a process that dies in the middle of a case, and one that finishes it [WRK-40]', () => {
  describe.each(['before', 'after'] as const)('on SQLite, %s the commit', (when) => {
    test.each(cases)('$name', async (given) => {
      const calm = await playCalmly(given, undefined);
      const kill: Kill = { at: middle(calm.appends), when };
      expect(await killCase(given, undefined, kill, calm)).toBe('kept');
    }, 60_000);
  });

  describe.skipIf(lacksPostgres())('on PostgreSQL, after the commit', () => {
    let server: PostgresServer;
    beforeAll(async () => {
      server = await startPostgres();
    });
    afterAll(() => server?.close());

    test.each(cases.filter(({ name }) => SHARED.has(name)))('$name', async (given) => {
      const ground = { url: server.url, schema: `crash${process.pid}` };
      const calm = await playCalmly(given, ground);
      expect(await killCase(given, ground, { at: middle(calm.appends), when: 'after' }, calm)).toBe('kept');
    }, 120_000);
  });
});
