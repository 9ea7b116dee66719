import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Workflow } from '@cadre/core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { lacksPostgres, type PostgresServer, startPostgres } from '../testing/postgres-server.ts';
import {
  asked,
  begun,
  created,
  done,
  SAMPLE_DEFINITION,
  started,
  succeeded,
} from '../testing/sample-events.ts';
import type { Database } from './database.ts';
import { contentsOf, copyContents, MOVED } from './move-store.ts';
import { type MoveTarget, postgresTarget, sqliteTarget } from './move-target.ts';
import { openPostgresStore } from './open-postgres-store.ts';
import { openSqliteStore } from './open-sqlite-store.ts';
import { openSqliteDatabase } from './sqlite-database.ts';

describe.skipIf(lacksPostgres())('a store that is moved', () => {
  let server: PostgresServer;
  let folder = '';
  let schemas = 0;
  let path = '';
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cadre-move-'));
    path = join(folder, 'cadre.db');
    await fill();
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** 600 runs make more than one page of everything. */
  async function fill(): Promise<void> {
    const store = await openSqliteStore(path);
    await store.runs.putDefinition('h1', SAMPLE_DEFINITION, 1);
    await store.runs.putDefinition('h2', { name: 'Ω "\'\n' } as Workflow, 1);
    const one = async (index: number) => {
      const id = `run_${index}`;
      await store.runs.create(id, [created(index), started(index), begun(index, 'a'), done(index, 'a')]);
      await store.logs.append(id, [
        { at: 1, step: 'a', attempt: 1, level: 'info', message: 'NUL \u0000 😀' },
      ]);
      await store.runs.putEffects(id, 'a', [{ index }]);
      await store.runs.putDocument(id, 'plan', { index });
      if (index % 3 === 0) await store.runs.append(id, 4, [succeeded(index)]);
      if (index % 3 === 1) await store.runs.append(id, 4, [asked(index, 'b')]);
    };
    await Promise.all(Array.from({ length: 600 }, (_, index) => one(index)));
    const entry = { at: 1, principal: 'p', worker: 'w', action: 'a', operation: 'call', rule: 'r' };
    for (let index = 0; index < 20; index++)
      await store.audit.append({ ...entry, decision: 'denied', target: `ключ ${index}` });
    // Some of the records are gone, and some are going.
    const [, , , , , , , eighth] = await store.audit.read(0);
    const beginning = { number: 8, hash: eighth?.hash ?? '', statement: '{}' };
    await store.auditRemoval.begin(beginning, { ...entry, decision: 'allowed' });
    await store.auditRemoval.removeOldest(5);
    await store.close();
  }

  async function move(target: MoveTarget, source: Database): Promise<void> {
    await target.checkFree();
    const database = await target.open();
    await copyContents(source, database, target.dialect, () => undefined).finally(() => database.close());
    await target.finish();
    await target.close();
  }

  async function withFile<T>(file: string, work: (database: Database) => Promise<T>): Promise<T> {
    const database = await openSqliteDatabase(file);
    return work(database).finally(() => database.close());
  }

  test('holds there and back again what it held, and the source is untouched', async () => {
    const schema = `m${++schemas}`;
    const before = await withFile(path, contentsOf);
    expect(before['runs']?.rows).toBe(600);
    await withFile(path, (source) => move(postgresTarget(server.url, schema), source));
    expect(await withFile(path, contentsOf)).toEqual(before);

    const store = await openPostgresStore(server.url, schema);
    expect(await store.runs.find('run_3')).toMatchObject({ status: 'succeeded', number: 5 });
    expect((await store.runs.list({ status: ['waiting'], limit: 1_000 })).runs).toHaveLength(200);
    expect(await store.logs.read('run_1', 0)).toMatchObject([{ number: 1, message: 'NUL \u0000 😀' }]);
    await store.runs.create('run_new', [created(1)]);
    expect(await store.runs.append('run_1', 5, [begun(1, 'c')])).toEqual({ ok: true, number: 6 });
    expect(await store.runs.append('run_3', 5, [begun(1, 'c')])).toEqual({ ok: false, reason: 'run_over' });
    const last = await store.audit.append({
      ...JSON.parse((await store.audit.read(0))[0]?.entry ?? ''),
      at: 2,
    });
    expect(last.number).toBe(22);
    expect(await store.auditRemoval.removeOldest(9)).toBe(3);
    expect(await store.auditRemoval.extent()).toEqual({ first: 9, last: 22 });
    await store.close();

    const back = join(folder, 'back.db');
    const { openSessions } = await import('./postgres-sessions.ts');
    const { openPostgresDatabase } = await import('./postgres-database.ts');
    const address = { url: server.url, schema, name: 'there' };
    const source = await openPostgresDatabase(openSessions(address), address);
    await move(sqliteTarget(back), source);
    expect(await withFile(back, contentsOf)).toEqual(await contentsOf(source));
    await source.close();
    const again = await openSqliteStore(back);
    expect(await again.runs.find('run_new')).toMatchObject({ number: 1 });
    await again.runs.create('run_newer', [created(1)]);
    await again.close();
  });

  test('is moved whole: a new table or column is either moved or known to be of no worth elsewhere', async () => {
    // Leases and lines belong to processes; results and digests are made again, and counters by what is moved.
    const left = ['migrations', 'leases', 'line_names', 'lines', 'results', 'result_tags', 'file_digests'];
    left.push('removing', 'run_counts', 'kept', 'kept_sizes', 'process_figures', 'warm_calls');
    left.push('artifact_sizes', 'artifact_arrivals', 'forgetting');
    await withFile(path, async (database) => {
      const tables = await database.read(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
        [],
      );
      const names = tables.map(({ name }) => String(name)).filter((name) => !left.includes(name));
      expect(names.sort()).toEqual(Object.keys(MOVED).sort());
      for (const name of names) {
        const columns = (await database.read(`PRAGMA table_info(${name})`, [])).map((row) =>
          String(row['name']),
        );
        // The order in which events were written, over all runs, is that of each store.
        const wanted = name === 'events' ? columns.filter((column) => column !== 'id') : columns;
        expect(wanted.sort(), name).toEqual([...(MOVED[name] ?? [])].sort());
      }
    });
  });

  test('never replaces one that holds something', async () => {
    const schema = `m${++schemas}`;
    await withFile(path, (source) => move(postgresTarget(server.url, schema), source));
    await withFile(path, async (source) => {
      const target = postgresTarget(server.url, schema);
      await expect(move(target, source)).rejects.toMatchObject({ code: 'exists' });
      await target.close();
      await expect(move(sqliteTarget(path), source)).rejects.toMatchObject({ code: 'exists' });
    });
  });

  test('that was cut off leaves no store behind, and is moved anew', async () => {
    const schema = `m${++schemas}`;
    await withFile(path, async (source) => {
      const target = postgresTarget(server.url, schema);
      const database = await target.open();
      let rows = 0;
      const cut = copyContents(source, database, 'postgres', () => {
        rows += 1;
        if (rows === 4) throw new Error('cut off');
      });
      await expect(cut).rejects.toThrow('cut off');
      await database.close();
      await target.close();
      await move(postgresTarget(server.url, schema), source);
    });
    const store = await openPostgresStore(server.url, schema);
    expect((await store.runs.list({ limit: 1_000 })).runs).toHaveLength(600);
    await store.close();
  });

  test('that changed on the way is refused', async () => {
    await withFile(path, async (source) => {
      const target = sqliteTarget(join(folder, 'other.db'));
      const database = await target.open();
      const lying: Database = {
        ...database,
        read: async (sql, parameters) =>
          (await database.read(sql, parameters)).map((row) =>
            'entry' in row ? { ...row, entry: '{}' } : row,
          ),
      };
      await expect(copyContents(source, lying, 'sqlite', () => undefined)).rejects.toMatchObject({
        code: 'store_corrupt',
        message: expect.stringContaining('audit'),
      });
      await database.close();
    });
  });
});
