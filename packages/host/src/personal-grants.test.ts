import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withPersonalGrants } from './personal-grants.ts';
import type { Grant } from './ports/grant-store.ts';
import { openSqliteStore } from './stores/open-sqlite-store.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cadre-grants-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const grant = (id: string, changes: Partial<Grant> = {}): Grant => ({
  id,
  principal: 'user:ann',
  worker: 'git',
  versions: '^1.0.0',
  manifestHash: 'hash',
  permission: 'net:one.example:443',
  decision: 'allow',
  grantedBy: 'user:ann',
  grantedAt: 1,
  ...changes,
});

/** What one process sees of a workspace. */
async function open(workspace = 'here') {
  const store = await openSqliteStore(join(folder, `${workspace}.db`));
  return { grants: withPersonalGrants(store.grants, join(folder, 'own')), close: () => store.close() };
}

const ids = (grants: readonly Grant[]) => grants.map(({ id }) => id).sort();

test('[WRK-16] what another process revokes is gone with the next look, for a workspace and for all of them', async () => {
  const [one, two] = [await open(), await open()];
  await one.grants.put(grant('here'));
  await one.grants.put(grant('own', { everywhere: true }));
  expect(ids(await two.grants.list(0))).toEqual(['here', 'own']);
  expect(await two.grants.revoke('here')).toBe(true);
  expect(await two.grants.revoke('own')).toBe(true);
  expect(await one.grants.list(0)).toEqual([]);
  expect(await one.grants.revoke('own')).toBe(false);
  await one.close();
  await two.close();
});

test('[WRK-16] those of a person are seen in each of their workspaces, until they are over', async () => {
  const [one, two] = [await open('one'), await open('two')];
  await one.grants.put(grant('own', { everywhere: true, expiresAt: 100 }));
  await one.grants.put(grant('here'));
  expect(ids(await two.grants.list(99))).toEqual(['own']);
  expect(await two.grants.list(100)).toEqual([]);
  await one.close();
  await two.close();
});

test('many processes that give at once lose nothing, and nobody else can read it', async () => {
  const seen = await Promise.all(Array.from({ length: 8 }, (_, index) => open(`w${index}`)));
  await Promise.all(seen.map(({ grants }, index) => grants.put(grant(`g${index}`, { everywhere: true }))));
  expect(await seen[0]?.grants.list(0)).toHaveLength(8);
  expect((await stat(join(folder, 'own/g1.json'))).mode & 0o077).toBe(0);
  for (const { close } of seen) await close();
});

test.each([
  '[',
  '[]',
  '{"id":"x"}',
])('one that cannot be read, %s, allows nothing and stays as it is', async (text) => {
  await mkdir(join(folder, 'own'));
  await writeFile(join(folder, 'own/x.json'), text);
  const { grants, close } = await open();
  await expect(grants.list(0)).rejects.toMatchObject({ code: 'config_corrupt' });
  expect(await readFile(join(folder, 'own/x.json'), 'utf8')).toBe(text);
  await close();
});
