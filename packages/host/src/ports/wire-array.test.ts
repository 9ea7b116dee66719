import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lacksPostgres, type PostgresServer, startPostgres } from '../testing/postgres-server.ts';
import { bigintArray, textArray } from './wire-array.ts';

describe.skipIf(lacksPostgres())('arrays on the wire', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.close());

  test('arrive as they were', async () => {
    const client = new pg.Client(server.url);
    await client.connect();
    const texts = ['', 'plain', '{"a": "b\\"c", "d": [1, 2]}', null, 'NULL', 'Ünïcode ✓ 𝄞', '\n\t\\'];
    const numbers = [
      0,
      1,
      -1,
      null,
      2 ** 31,
      -(2 ** 32) - 5,
      Number.MAX_SAFE_INTEGER,
      -Number.MAX_SAFE_INTEGER,
    ];
    const { rows } = await client.query('SELECT $1::text[] AS texts, $2::bigint[] AS numbers', [
      textArray(texts),
      bigintArray(numbers),
    ]);
    expect(rows[0].texts).toEqual(texts);
    expect(rows[0].numbers.map((text: string | null) => (text === null ? null : Number(text)))).toEqual(
      numbers,
    );
    const none = await client.query('SELECT unnest($1::text[]), unnest($2::bigint[])', [
      textArray([]),
      bigintArray([]),
    ]);
    expect(none.rows).toEqual([]);
    await client.end();
  });
});
