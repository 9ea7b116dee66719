import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { change, query } from './database.ts';
import { openSqliteStore } from './open-sqlite-store.ts';
import { openSqliteDatabase } from './sqlite-database.ts';
import { storeFault } from './sqlite-fault.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cadre-database-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const INSERT = 'INSERT INTO definitions (hash, workflow) VALUES (?1, ?2)';

describe('writes that share a commit', () => {
  test('are kept but for the one that failed, which leaves nothing behind', async () => {
    const database = await openSqliteDatabase(':memory:');
    const put = (hash: string, fail: boolean) =>
      database.write(function* () {
        yield change(INSERT, hash, 'first');
        if (fail) yield change(INSERT, hash, 'again');
        return hash;
      });
    const outcomes = await Promise.allSettled([put('a', false), put('b', true), put('c', false)]);
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await database.read('SELECT hash FROM definitions ORDER BY hash', [])).toEqual([
      { hash: 'a' },
      { hash: 'c' },
    ]);
    await database.close();
  });

  test('are done in the order in which they were asked for', async () => {
    const database = await openSqliteDatabase(':memory:');
    const seen: number[] = [];
    await Promise.all(
      Array.from({ length: 2_500 }, (_, index) =>
        database.write(function* () {
          const { rows } = yield query('SELECT count(*) AS n FROM definitions');
          seen.push(Number(rows[0]?.['n']));
          yield change(INSERT, String(index), '');
        }),
      ),
    );
    expect(seen).toEqual(seen.map((_, index) => index));
    await database.close();
  });

  test('are synced to the disk with every commit', async () => {
    const database = await openSqliteDatabase(join(folder, 'cadre.db'));
    expect(await database.read('PRAGMA journal_mode', [])).toEqual([{ journal_mode: 'wal' }]);
    // 2 is FULL: https://sqlite.org/pragma.html#pragma_synchronous
    expect(await database.read('PRAGMA synchronous', [])).toEqual([{ synchronous: 2 }]);
    await database.close();
  });

  test('are one commit, and not one each', async () => {
    const database = await openSqliteDatabase(join(folder, 'cadre.db'));
    // Every commit writes at least one page of 4,096 bytes and its header to the log.
    const log = async () => Number((await database.read('PRAGMA wal_checkpoint', []))[0]?.['log']);
    const before = await log();
    await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        database.write(function* () {
          yield change(INSERT, `hash ${index}`, '');
        }),
      ),
    );
    expect((await log()) - before).toBeLessThan(20);
    await database.close();
  });
});

describe('a fault of the system', () => {
  test('a full disk is told as such, keeps what was written, and passes', async () => {
    const database = await openSqliteDatabase(join(folder, 'cadre.db'));
    const put = (hash: string, bytes: number) =>
      database.write(function* () {
        yield change(INSERT, hash, 'x'.repeat(bytes));
      });
    await put('before', 10);
    const [pages] = await database.read('PRAGMA page_count', []);
    await database.read(`PRAGMA max_page_count = ${Number(pages?.['page_count']) + 4}`, []);
    const together = await Promise.allSettled([put('large', 100_000), put('small', 10)]);
    for (const outcome of together) {
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: { code: 'disk_full', hint: /free some space/ },
      });
    }
    await database.read('PRAGMA max_page_count = 1000000', []);
    await put('after', 100_000);
    expect(await database.read('SELECT hash FROM definitions ORDER BY hash', [])).toEqual([
      { hash: 'after' },
      { hash: 'before' },
    ]);
    await database.close();
  });

  test('a store that another process does not let go of is unavailable', async () => {
    const path = join(folder, 'cadre.db');
    await (await openSqliteDatabase(path)).close();
    const [holder, other] = [new DatabaseSync(path), new DatabaseSync(path, { timeout: 0 })];
    holder.exec('BEGIN IMMEDIATE');
    let thrown: unknown;
    try {
      other.exec('BEGIN IMMEDIATE');
    } catch (error) {
      thrown = storeFault(error, path);
    }
    expect(thrown).toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining('another process'),
    });
    holder.close();
    other.close();
  });

  test('a bug stays what it is', () => {
    const bug = new TypeError('x is not a function');
    expect(storeFault(bug, 'path')).toBe(bug);
  });
});

const WRITER = `
  import { openSqliteStore } from ${JSON.stringify(new URL('./open-sqlite-store.ts', import.meta.url).href)};
  const [path, name] = process.argv.slice(1);
  const store = await openSqliteStore(path);
  const entry = { at: 1, principal: name, worker: 'w', action: 'a', operation: 'call', decision: 'allowed', rule: 'r' };
  for (let round = 0; round < 20; round++) {
    await Promise.all([1, 2, 3].map(() => store.audit.append(entry)));
    await store.runs.putDefinition(name + round, { name }, 1);
  }
  await store.close();
`;

test('many processes may make and write one file at the same time', async () => {
  const path = join(folder, 'new/cadre.db');
  const names = ['a', 'b', 'c', 'd'];
  const codes = await Promise.all(
    names.map(
      (name) =>
        new Promise((resolve) => {
          const child = spawn(process.execPath, ['--input-type=module', '-e', WRITER, path, name], {
            stdio: ['ignore', 'ignore', 'inherit'],
          });
          child.on('close', resolve);
        }),
    ),
  );
  expect(codes).toEqual([0, 0, 0, 0]);
  const store = await openSqliteStore(path);
  const records = await store.audit.read(0);
  expect(records).toHaveLength(240);
  expect(records.every((record, index) => index === 0 || record.previous === records[index - 1]?.hash)).toBe(
    true,
  );
  expect(new Set(records.map((record) => JSON.parse(record.entry).principal))).toEqual(new Set(names));
  await store.close();
});
