import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { NewFile } from '../ports/artifacts.ts';
import { putPieces } from './artifact-pieces.ts';
import { createArtifactStore } from './artifact-store.ts';
import { change, type Database } from './database.ts';
import { openSqliteDatabase } from './sqlite-database.ts';

let folder = '';
let database: Database;
let file: NewFile;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cadre-artifact-store-'));
  database = await openSqliteDatabase(':memory:');
  const bytes = Buffer.alloc(2_000_000, 'abc');
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  file = { digest, bytes: bytes.length, contentType: 'text/plain', path: join(folder, 'file') };
  await writeFile(file.path, bytes);
});
afterEach(async () => {
  await database.close();
  await rm(folder, { recursive: true });
});

const USE = { run: 'run_1', class: 'standard', at: 10_000 } as const;
const countOf = async (table: string) =>
  Number((await database.read(`SELECT count(*) AS rows FROM ${table}`, []))[0]?.['rows']);

async function readAll(store: Pick<ReturnType<typeof createArtifactStore>, 'open'>): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of store.open(file.digest)) hash.update(piece);
  return `sha256:${hash.digest('hex')}`;
}

test('what somebody who died had begun to put is removed, and what is under way or whole is not [WRK-51]', async () => {
  const store = createArtifactStore(database);
  expect(await putPieces(database, file, 10_000)).toBe(3);
  expect(await store.removeLeftOvers(5_000)).toBe(0);
  expect(await countOf('artifact_bytes')).toBe(3);
  expect(await store.removeLeftOvers(Number.MAX_SAFE_INTEGER)).toBe(1);
  expect([await countOf('artifact_bytes'), await countOf('artifact_arrivals')]).toEqual([0, 0]);

  await store.putFile(file, USE);
  expect(await countOf('artifact_arrivals')).toBe(0);
  // Somebody began to put the same once more.
  await putPieces(database, file, 10_000);
  expect(await store.removeLeftOvers(Number.MAX_SAFE_INTEGER)).toBe(1);
  expect(await readAll(store)).toBe(file.digest);
});

test('what is removed while it is put is put once more, and names nothing before it is whole', async () => {
  let writes = 0;
  const interrupted: Database = {
    ...database,
    async write(script, turn) {
      writes += 1;
      // After the last of its pieces.
      if (writes === 4) {
        await database.write(function* () {
          yield change('DELETE FROM artifact_bytes WHERE number = 1');
        });
      }
      return database.write(script, turn);
    },
  };
  const store = createArtifactStore(interrupted);
  await store.putFile(file, USE);
  expect(writes).toBe(8);
  expect(await readAll(store)).toBe(file.digest);
  expect(await store.listRuns(file.digest)).toEqual(['run_1']);
});

test('what is damaged is never taken for what was kept', async () => {
  const store = createArtifactStore(database);
  await store.putFile(file, USE);
  await database.write(function* () {
    yield change('DELETE FROM artifact_bytes WHERE number = 2');
  });
  await expect(readAll(store)).rejects.toMatchObject({ code: 'artifact_damaged' });
  await database.write(function* () {
    yield change('DELETE FROM artifact_bytes');
  });
  await expect(readAll(store)).rejects.toMatchObject({ code: 'artifact_missing' });
});
