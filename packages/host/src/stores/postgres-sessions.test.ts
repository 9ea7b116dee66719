import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { lacksPostgres, type PostgresServer, startPostgres } from '../testing/postgres-server.ts';
import { parsePostgresAddress } from './postgres-address.ts';
import { openPostgresDatabase } from './postgres-database.ts';
import { type Client, openSessions, type Sessions } from './postgres-sessions.ts';

const SOCKET = '.s.PGSQL.5432';

/** Stands before the server, and breaks the connection over which a commit was just answered, once: nobody hears the answer. */
async function swallowingAnswer(url: string) {
  const folder = mkdtempSync(join(tmpdir(), 'cadre-proxy-'));
  // Without a host before its path an address is none for `URL`.
  const [address = '', host = ''] = url.split('?host=');
  const real = join(decodeURIComponent(host), SOCKET);
  let armed = false;
  let swallowed = 0;
  const proxy = createServer((client) => {
    const server = createConnection(real);
    client.on('data', (data) => server.write(data));
    server.on('data', (data) => {
      if (!armed || !data.includes('COMMIT')) return client.write(data);
      armed = false;
      swallowed += 1;
      client.destroy();
      return server.destroy();
    });
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on('error', () => undefined);
      one.on('close', () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => proxy.listen(join(folder, SOCKET), resolve));
  return {
    url: `${address}?host=${encodeURIComponent(folder)}`,
    arm: () => {
      armed = true;
    },
    swallowed: () => swallowed,
    close: async () => {
      await new Promise((resolve) => proxy.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

describe.skipIf(lacksPostgres())('a transaction', () => {
  let server: PostgresServer;
  const opened: Sessions[] = [];
  beforeEach(async () => {
    server = await startPostgres();
  });
  afterEach(async () => {
    for (const sessions of opened.splice(0)) await sessions.close();
    await server.close();
  });

  async function open(url: string): Promise<Sessions> {
    const address = parsePostgresAddress(url, 'here');
    const sessions = openSessions(address);
    opened.push(sessions);
    await openPostgresDatabase(sessions, address);
    await sessions.askAsIs('CREATE TABLE IF NOT EXISTS notes (note TEXT)');
    return sessions;
  }

  const note = (client: Client) => client.query("INSERT INTO notes VALUES ('done')");
  const notes = async (sessions: Sessions) => (await sessions.askAsIs('SELECT note FROM notes')).rows.length;

  test('that a crash of the server took is done again, though another one was given its number and committed [WRK-40]', async () => {
    const sessions = await open(server.url);
    // All before it is on the disk, so that it begins with a page that is not.
    await sessions.askAsIs('CHECKPOINT');
    let times = 0;
    let number = 0;
    const others: number[] = [];

    async function crash(): Promise<void> {
      await server.kill();
      await server.start();
      const client = new pg.Client(server.url);
      await client.connect();
      do {
        const { rows } = await client.query('SELECT pg_current_xact_id()::text AS number');
        others.push(Number(rows[0].number));
      } while (Number(others.at(-1)) < number);
      await client.end();
    }

    await sessions.transact(async (client) => {
      await note(client);
      if (++times > 1) return;
      const { rows } = await client.query('SELECT pg_current_xact_id()::text AS number');
      number = Number(rows[0].number);
      await crash();
    });
    expect(others).toContain(number);
    expect(times).toBe(2);
    expect(await notes(sessions)).toBe(1);
  });

  test('whose commit was answered to nobody is not done again [WRK-40]', async () => {
    const proxy = await swallowingAnswer(server.url);
    const sessions = await open(proxy.url);
    let times = 0;
    await sessions.transact(async (client) => {
      times += 1;
      await note(client);
      proxy.arm();
    });
    expect(proxy.swallowed()).toBe(1);
    expect(times).toBe(1);
    expect(await notes(sessions)).toBe(1);
    await opened.pop()?.close();
    await proxy.close();
  });

  test('whose commit was sent before the answers keeps all of it or nothing, and its connection goes on', async () => {
    const sessions = await open(server.url);
    const sending = (last: (client: Client) => Promise<unknown>) =>
      sessions.transactSending(async (client) => ({
        value: 'sent',
        last: Promise.all([note(client), last(client)]),
      }));
    const faulty = sending((client) => client.query('INSERT INTO nowhere VALUES (1)'));
    await expect(faulty).rejects.toMatchObject({ message: expect.stringContaining('nowhere') });
    expect(await notes(sessions)).toBe(0);
    expect(await sending(note)).toBe('sent');
    expect(await notes(sessions)).toBe(2);
  });

  test('whose commit was sent before the answers, of which none arrived, is not done again [WRK-40]', async () => {
    const proxy = await swallowingAnswer(server.url);
    const sessions = await open(proxy.url);
    let times = 0;
    const value = await sessions.transactSending(async (client) => {
      times += 1;
      proxy.arm();
      return { value: times, last: note(client) };
    });
    expect(proxy.swallowed()).toBe(1);
    expect(value).toBe(1);
    expect(await notes(sessions)).toBe(1);
    await opened.pop()?.close();
    await proxy.close();
  });

  test('leaves one row for each connection, by which it would be found', async () => {
    const sessions = await open(server.url);
    for (let each = 0; each < 5; each++) await sessions.transact(note);
    const numbers = async (of: Sessions) => (await of.askAsIs('SELECT number FROM transactions')).rows;
    expect(await numbers(sessions)).toEqual([{ number: 5 }]);
    await sessions.askAsIs("UPDATE transactions SET at = at - interval '2 hours'");
    await opened.pop()?.close();
    const next = await open(server.url);
    await next.transact(note);
    expect(await numbers(next)).toEqual([{ number: 1 }]);
    expect(await notes(next)).toBe(6);
  });
});
