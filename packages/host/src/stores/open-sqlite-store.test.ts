import {
  chmodSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { RunEvent, Workflow } from '@cadre/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { storeContract } from '../ports/store.contract.ts';
import { checkDatabase } from './backup-file.ts';
import { openSqliteStore } from './open-sqlite-store.ts';
import { READ_EFFECTS } from './sql/effects.ts';
import { READ_EVENTS } from './sql/events.ts';
import { COUNT_RUNNING, LIST_OVER, LIST_UNSTARTED, listReady, NEXT_READY } from './sql/firings.ts';
import { READ_LINES } from './sql/logs.ts';
import { listRuns } from './sql/runs.ts';
import { openSqliteDatabase } from './sqlite-database.ts';

let folder = '';
let opened = 0;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cadre store\n"Ω" '));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

storeContract('sqlite in memory', () => openSqliteStore(':memory:'));
storeContract('sqlite in a file', () => openSqliteStore(join(folder, `new/${++opened}/cadre.db`)));

const at = 1;
const created: RunEvent = {
  at,
  type: 'run.created',
  workflow: 'w',
  definition: 'h1',
  inputs: {},
  mode: 'apply',
  trigger: {},
  principal: 'user:ada',
};
const workflow = { name: 'w' } as Workflow;

async function filled(path: string): Promise<void> {
  const store = await openSqliteStore(path);
  await store.runs.putDefinition('h1', workflow, 1);
  await store.runs.create('run_1', [created, { at, type: 'run.started' }]);
  await store.runs.append('run_1', 2, [{ at, type: 'run.succeeded', output: 'x'.repeat(50_000) }]);
  await store.audit.append({
    at,
    principal: 'p',
    worker: 'w',
    action: 'a',
    operation: 'call',
    decision: 'denied',
    rule: 'r',
  });
  await store.close();
}

describe('a store in a file', () => {
  test('is there again after it was closed', async () => {
    const path = join(folder, 'cadre.db');
    await filled(path);
    const store = await openSqliteStore(path);
    expect(await store.runs.find('run_1')).toMatchObject({ status: 'succeeded', number: 3 });
    expect(await store.runs.readEvents('run_1', 0)).toHaveLength(3);
    await store.close();
  });

  test('may be read and written by its owner alone, with all that belongs to it', async () => {
    const path = join(folder, 'data/cadre.db');
    const store = await openSqliteStore(path);
    await store.runs.putDefinition('h1', workflow, 1);
    expect(statSync(join(folder, 'data')).mode & 0o777).toBe(0o700);
    for (const end of ['', '-wal', '-shm']) expect(statSync(path + end).mode & 0o777).toBe(0o600);
    await store.close();
  });

  test('becomes private when it was not', async () => {
    const path = join(folder, 'cadre.db');
    await filled(path);
    chmodSync(path, 0o644);
    await (await openSqliteStore(path)).close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('keeps what it was told to write when it is closed at once', async () => {
    const path = join(folder, 'cadre.db');
    const store = await openSqliteStore(path);
    const written = [store.runs.putDefinition('h1', workflow, 1), store.runs.create('run_1', [created])];
    await store.close();
    await Promise.all(written);
    const again = await openSqliteStore(path);
    expect(await again.runs.lastNumber('run_1')).toBe(1);
    await again.close();
  });
});

test('a kept result that cannot be read is none', async () => {
  const path = join(folder, 'cadre.db');
  const store = await openSqliteStore(path);
  const times = { createdAt: 1, expiresAt: 9 };
  const about = { key: 'k', action: 'a/b', run: 'r', step: 's', tags: [], ...times };
  await store.results.put({ ...about, output: 1, permissions: [], artifacts: {} }, 1_000);
  const database = new DatabaseSync(path);
  database.exec("UPDATE results SET body = '{'");
  database.close();
  expect(await store.results.find('k', 2)).toBeUndefined();
  await store.close();
});

describe('the database itself', () => {
  test('refuses to change what is over, an event or an audit record [WRK-40]', async () => {
    const path = join(folder, 'cadre.db');
    await filled(path);
    const database = new DatabaseSync(path);
    const refused = (sql: string) => expect(() => database.exec(sql), sql);
    refused("UPDATE runs SET status = 'running'").toThrow('over never changes');
    refused('UPDATE runs SET ended_at = NULL').toThrow('over never changes');
    refused("UPDATE events SET event = '{}'").toThrow('never changes');
    refused('DELETE FROM events').toThrow('never deleted');
    refused("UPDATE audit SET entry = '{}'").toThrow('never changes');
    refused('DELETE FROM audit').toThrow('never deleted');
    refused("INSERT INTO audit_beginnings VALUES (9, 'x', '{}')").toThrow('a record that is there');
    database.exec("INSERT INTO audit_beginnings SELECT number, hash, '{}' FROM audit");
    database.exec(
      'INSERT INTO audit SELECT number + n, previous, hash, entry FROM audit, (SELECT 1 AS n UNION SELECT 2)',
    );
    refused('DELETE FROM audit').toThrow('never deleted');
    refused('DELETE FROM audit WHERE number = 3').toThrow('never deleted');
    refused("UPDATE audit_beginnings SET hash = ''").toThrow('never changed');
    refused('DELETE FROM audit_beginnings').toThrow('never deleted');
    database.exec("INSERT INTO audit_beginnings SELECT 3, hash, '{}' FROM audit WHERE number = 3");
    refused('DELETE FROM audit WHERE number >= 2').toThrow('from the beginning');
    database.exec("INSERT INTO holds VALUES ('case', '*', 'p', 1, 'r')");
    refused('DELETE FROM audit WHERE number = 1').toThrow('while it is held');
    database.exec('DELETE FROM holds; DELETE FROM audit WHERE number <= 2');
    database.close();
  });

  test('what is written behind the end of a run is not part of its journal, and found in a check [WRK-40]', async () => {
    const path = join(folder, 'cadre.db');
    await filled(path);
    const store = await openSqliteStore(path);
    const [run] = (await store.runs.list({})).runs;
    const id = run?.id ?? '';
    const events = await store.runs.readEvents(id, 0);
    await store.close();
    const database = new DatabaseSync(path);
    const insert = database.prepare(
      "INSERT INTO events (run, number, version, event) VALUES (1, ?, 1, '{}')",
    );
    insert.run(events.length + 1);
    database.close();
    const again = await openSqliteStore(path);
    expect(await again.runs.readEvents(id, 0)).toEqual(events);
    await again.close();
    const opened = await openSqliteDatabase(path);
    await expect(checkDatabase(opened, path)).rejects.toThrow('has not the events that it should have');
    await opened.close();
  });

  test('answers lists and reads by an index, never by looking at every run [WRK-48]', async () => {
    const path = join(folder, 'cadre.db');
    await filled(path);
    const database = new DatabaseSync(path);
    const plan = (sql: string) =>
      database
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .all()
        .map((row) => String(row['detail']));
    const filters = [
      {},
      { workflow: 'w' },
      { mode: 'plan' },
      { status: ['failed', 'running'] },
      { workflow: 'w', status: ['failed'], mode: 'apply' },
    ] as const;
    const texts = filters.map((filter) => listRuns(filter, 10, 10).sql);
    for (const sql of [COUNT_RUNNING, LIST_OVER, LIST_UNSTARTED, listReady(0, 1, 1, []).sql, NEXT_READY]) {
      expect(plan(sql).join('\n'), sql).toMatch(
        /f?(irings)? USING (COVERING )?INDEX firings_(running|waiting)/,
      );
      expect(plan(sql).join('\n'), sql).not.toMatch(/SCAN (runs|r|s)\b/);
    }
    for (const sql of [...texts, READ_EVENTS, READ_LINES, READ_EFFECTS]) {
      expect(plan(sql).join('\n'), sql).not.toMatch(/SCAN (runs|events|logs|effects)/);
      expect(plan(sql).join('\n'), sql).not.toMatch(/USE TEMP B-TREE FOR ORDER BY.*\n.*(runs|events) USING/);
    }
    database.close();
  });
});

describe('a store that cannot be used says why and what to do', () => {
  test('a file that is something else', async () => {
    const path = join(folder, 'cadre.db');
    writeFileSync(path, Buffer.alloc(10_000, 'not a database'));
    await expect(openSqliteStore(path)).rejects.toMatchObject({
      code: 'store_corrupt',
      hint: expect.stringContaining('move the file away'),
    });
    expect(readFileSync(path, 'utf8')).toContain('not a database');
  });

  test('a file that was cut off', async () => {
    const path = join(folder, 'cadre.db');
    await filled(path);
    truncateSync(path, 12_288);
    const look = async () => {
      const store = await openSqliteStore(path);
      try {
        await store.runs.readEvents('run_1', 0);
        await store.runs.list({});
        await store.runs.putDefinition('h2', workflow, 1);
      } finally {
        await store.close();
      }
    };
    await expect(look()).rejects.toMatchObject({ code: 'store_corrupt' });
  });

  test('a place where no file can be made', async () => {
    writeFileSync(join(folder, 'file'), '');
    await expect(openSqliteStore(join(folder, 'file/cadre.db'))).rejects.toMatchObject({
      code: 'store_unavailable',
    });
    symlinkSync(join(folder, 'nowhere/else'), join(folder, 'link.db'));
    await expect(openSqliteStore(join(folder, 'link.db'))).rejects.toMatchObject({
      code: 'store_unavailable',
    });
  });

  test('a store that a newer Cadre has changed is left as it is', async () => {
    const path = join(folder, 'cadre.db');
    await filled(path);
    const database = new DatabaseSync(path);
    database.exec("INSERT INTO migrations (number, name, checksum) VALUES (99, 'later', 'x')");
    database.close();
    await expect(openSqliteStore(path)).rejects.toMatchObject({
      code: 'incompatible',
      hint: expect.stringContaining('newer Cadre'),
    });
  });

  test('a store whose migrations were others', async () => {
    const path = join(folder, 'cadre.db');
    await filled(path);
    const database = new DatabaseSync(path);
    database.exec("UPDATE migrations SET checksum = 'x'; PRAGMA user_version = 1");
    database.close();
    await expect(openSqliteStore(path)).rejects.toMatchObject({
      code: 'incompatible',
      message: expect.stringContaining('journal'),
    });
  });
});
