import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { storeContract } from '../ports/store.contract.ts';
import { createStore } from './create-store.ts';
import type { Database, Script } from './database.ts';
import { openSqliteDatabase } from './sqlite-database.ts';
import { sqliteVacuum } from './vacuum.ts';

/** Tables that grow with the runs. */
const GROWING = /\bSCAN (runs|later|around|events|effects|documents|logs|kept|tombstones|over)\b/;

const asked = new Set<string>();

function recording(database: Database): Database {
  return {
    ...database,
    read(sql, parameters) {
      asked.add(sql);
      return database.read(sql, parameters);
    },
    write: (script, turn) => database.write(() => recorded(script()), turn),
  };
}

function* recorded<T>(script: Script<T>): Script<T> {
  let step = script.next();
  while (step.done !== true) {
    asked.add(step.value.sql);
    step = script.next(yield step.value);
  }
  return step.value;
}

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cadre-plans-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

// Everything that a store can be asked, so that each of its statements comes by.
storeContract('recorded', async () => {
  const database = recording(await openSqliteDatabase(':memory:'));
  return createStore(database, sqliteVacuum(database));
});

test('no statement of a store looks at all runs or events: each is led by an index [WRK-48] [WRK-52]', async () => {
  const path = join(folder, 'cadre.db');
  await (await openSqliteDatabase(path)).close();
  const database = new DatabaseSync(path);
  const statements = [...asked].filter((sql) => !sql.startsWith('PRAGMA'));
  expect(statements.length).toBeGreaterThan(60);
  const scans = statements.flatMap((sql) => {
    const plan = database
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .map(({ detail }) => String(detail));
    return plan.filter((line) => GROWING.test(line)).map((line) => `${line}: ${sql}`);
  });
  database.close();
  expect(scans).toEqual([]);
  expect('SCAN events USING COVERING INDEX x').toMatch(GROWING);
});

test('every statement of stores/sql came by', async () => {
  const folderOfSql = new URL('./sql/', import.meta.url);
  const files = readdirSync(folderOfSql).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));
  const modules = await Promise.all(files.map((file) => import(new URL(file, folderOfSql).href)));
  const texts = modules.flatMap((names: Record<string, unknown>) =>
    Object.entries(names).flatMap(([name, sql]) => (typeof sql === 'string' ? [{ name, sql }] : [])),
  );
  expect(texts.length).toBeGreaterThan(20);
  expect(
    texts.filter(({ sql }) => ![...asked].some((text) => text.includes(sql))).map(({ name }) => name),
  ).toEqual([]);
});
