import { expect, test } from 'vitest';
import type { Script } from './database.ts';
import { MIGRATIONS } from './migrations/migrations.ts';
import { isSealed, seal } from './sqlite-seal.ts';

/** The length of each statement (FNV-1a, 31 bits). */
const SEAL =
  MIGRATIONS.flatMap(({ statements }) => statements.sqlite.map((statement) => statement.length)).reduce(
    (hash, length) => Math.imul(hash ^ length, 0x01000193),
    0x811c9dc5,
  ) & 0x7fffffff;

/** What a script answers in a file with this seal and so many migrations. */
function ask<T>(script: Script<T>, seal: number, count: number): T {
  let step = script.next();
  while (step.done !== true) {
    const rows = step.value.sql.startsWith('PRAGMA') ? [{ user_version: seal }] : [{ count }];
    step = script.next({ rows, changes: 0 });
  }
  return step.value;
}

test('the seal is that of the migrations that there are', () => {
  expect(seal().next().value).toMatchObject({ sql: `PRAGMA user_version = ${SEAL}` });
  expect(ask(isSealed(), SEAL, MIGRATIONS.length)).toBe(true);
});

test('a file that has others is not sealed', () => {
  expect(ask(isSealed(), SEAL + 1, MIGRATIONS.length)).toBe(false);
  expect(ask(isSealed(), SEAL, MIGRATIONS.length + 1)).toBe(false);
  expect(ask(isSealed(), SEAL, MIGRATIONS.length - 1)).toBe(false);
});
