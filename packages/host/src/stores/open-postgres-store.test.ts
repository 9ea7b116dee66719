import type { RunEvent, Workflow } from '@cadre/core';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { storeContract } from '../ports/store.contract.ts';
import { lacksPostgres, type PostgresServer, startPostgres } from '../testing/postgres-server.ts';
import { until } from '../testing/until.ts';
import { MIGRATIONS } from './migrations/migrations.ts';
import { openPostgresStore } from './open-postgres-store.ts';

describe.skipIf(lacksPostgres())('PostgreSQL', () => {
  let server: PostgresServer;
  let schemas = 0;
  const fresh = () => `s${++schemas}`;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.close());

  storeContract('postgres', () => openPostgresStore(server.url, fresh()));

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

  async function sql(schema: string, text: string): Promise<pg.QueryResult> {
    const client = new pg.Client({ connectionString: server.url, options: `-c search_path=${schema}` });
    await client.connect();
    try {
      return await client.query(text);
    } finally {
      await client.end();
    }
  }

  async function filled(): Promise<string> {
    const schema = fresh();
    const store = await openPostgresStore(server.url, schema);
    await store.runs.putDefinition('h1', workflow, 1);
    await store.runs.create('run_1', [created, { at, type: 'run.started' }]);
    await store.runs.append('run_1', 2, [{ at, type: 'run.succeeded', output: null }]);
    const entry = {
      at,
      principal: 'p',
      worker: 'w',
      action: 'a',
      operation: 'call',
      decision: 'denied',
      rule: 'r',
    };
    await store.audit.append(entry as never);
    await store.close();
    return schema;
  }

  describe('a store on PostgreSQL', () => {
    test('is there again after it was closed, also for many who open it at once', async () => {
      const schema = await filled();
      const stores = await Promise.all([1, 2, 3].map(() => openPostgresStore(server.url, schema)));
      for (const store of stores) {
        expect(await store.runs.find('run_1')).toMatchObject({ status: 'succeeded', number: 3 });
        await store.close();
      }
    });

    test('that nobody has made is made once, however many open it at the same time', async () => {
      const schema = fresh();
      const stores = await Promise.all([1, 2, 3, 4].map(() => openPostgresStore(server.url, schema)));
      await Promise.all(stores.map((store) => store.close()));
      expect((await sql(schema, 'SELECT number FROM migrations')).rows).toHaveLength(MIGRATIONS.length);
    });

    test('refuses to change what is over, an event or an audit record [WRK-40]', async () => {
      const schema = await filled();
      const refused = (text: string) => expect(sql(schema, text), text).rejects;
      await refused("UPDATE runs SET status = 'running'").toThrow('over never changes');
      await refused('UPDATE runs SET ended_at = NULL').toThrow('over never changes');
      await refused("INSERT INTO events (run, number, version, event) VALUES (1, 4, 1, '{}')").toThrow(
        'no more events',
      );
      await refused("INSERT INTO events (run, number, version, event) VALUES (77, 1, 1, '{}')").toThrow(
        'no more events',
      );
      await refused("UPDATE events SET event = '{}'").toThrow('never changed');
      await refused('DELETE FROM events').toThrow('never deleted');
      await refused('TRUNCATE events').toThrow('never deleted');
      await refused("UPDATE audit SET entry = '{}'").toThrow('never changed');
      await refused('DELETE FROM audit').toThrow('never deleted');
      await refused('TRUNCATE audit').toThrow('never deleted');
      await refused("INSERT INTO audit_beginnings VALUES (9, 'x', '{}')").toThrow('a record that is there');
      await sql(schema, "INSERT INTO audit_beginnings SELECT number, hash, '{}' FROM audit");
      await sql(
        schema,
        'INSERT INTO audit SELECT number + n, previous, hash, entry FROM audit, (VALUES (1), (2)) AS v (n)',
      );
      await refused('DELETE FROM audit').toThrow('never deleted');
      await refused('DELETE FROM audit WHERE number = 3').toThrow('never deleted');
      await refused("UPDATE audit_beginnings SET hash = ''").toThrow('never changed');
      await refused('DELETE FROM audit_beginnings').toThrow('never deleted');
      await refused('TRUNCATE audit_beginnings').toThrow('never deleted');
      await sql(schema, "INSERT INTO audit_beginnings SELECT 3, hash, '{}' FROM audit WHERE number = 3");
      await refused('DELETE FROM audit WHERE number >= 2').toThrow('from the beginning');
      await sql(schema, "INSERT INTO holds VALUES ('case', '*', 'p', 1, 'r')");
      await refused('DELETE FROM audit WHERE number = 1').toThrow('while it is held');
      await sql(schema, 'DELETE FROM holds; DELETE FROM audit WHERE number <= 2');
    });

    test('takes back the locks of whoever went silent in a transaction, which is done again when it speaks [WRK-40]', async () => {
      const schema = await filled();
      const store = await openPostgresStore(server.url, schema);
      await sql(schema, 'CREATE TABLE held (n INTEGER); INSERT INTO held VALUES (1)');
      const ended = Promise.withResolvers<void>();
      let tries = 0;
      const silent = store.shared.transact(async ({ executeSql }) => {
        // The time that every connection has for it is far longer.
        await executeSql('SET LOCAL idle_in_transaction_session_timeout = 100');
        await executeSql('UPDATE held SET n = n + 1');
        tries += 1;
        if (tries === 1) await ended.promise;
        return executeSql('SELECT n FROM held');
      });
      await until('it holds the row', () => tries > 0);
      await sql(schema, 'UPDATE held SET n = 10');
      ended.resolve();
      expect((await silent).rows).toEqual([{ n: 11 }]);
      expect(tries).toBe(2);
      const { rows } = await store.shared.executeSql('SHOW idle_in_transaction_session_timeout');
      expect(rows).toEqual([{ idle_in_transaction_session_timeout: '8s' }]);
      await store.close();
    });

    test('that a newer Cadre has changed, or whose migrations were others, is left as it is', async () => {
      const schema = await filled();
      await sql(schema, "INSERT INTO migrations (number, name, checksum) VALUES (99, 'later', 'x')");
      await expect(openPostgresStore(server.url, schema)).rejects.toMatchObject({
        code: 'incompatible',
        hint: expect.stringContaining('newer Cadre'),
      });
      await sql(schema, "DELETE FROM migrations WHERE number = 99; UPDATE migrations SET checksum = 'x'");
      await expect(openPostgresStore(server.url, schema)).rejects.toMatchObject({ code: 'incompatible' });
    });
  });

  describe('a store that cannot be reached says why and what to do', () => {
    const refusal = async (url: string, schema = 'x') => {
      const error = await openPostgresStore(url, schema, 0).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      return error as { code: string; message: string; hint: string };
    };

    test('and never shows the password', async () => {
      const nobody = await refusal('postgres://ada:hunter2@127.0.0.1:1/cadre');
      expect(nobody).toMatchObject({ code: 'store_unavailable', hint: expect.stringContaining('store.url') });
      expect(nobody.message).toContain('127.0.0.1:1');
      expect(JSON.stringify({ ...nobody, text: String(nobody) })).not.toContain('hunter2');
      const wrong = await refusal('mysql://ada:hunter2@x/y');
      expect(wrong.code).toBe('config_invalid');
      expect(`${wrong.message}${wrong.hint}`).not.toContain('hunter2');
    });

    test('when there is no such database, or the schema is no name', async () => {
      expect(await refusal(server.url.replace('/postgres?', '/nowhere?'))).toMatchObject({
        code: 'store_unavailable',
        hint: expect.stringContaining('createdb'),
      });
      expect(await refusal(server.url, 'x; DROP SCHEMA y')).toMatchObject({ code: 'config_invalid' });
    });
  });
});
