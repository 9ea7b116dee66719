import {
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ArtifactFiles, openArtifactFiles } from './artifact-files.ts';

const DIGEST = `sha256:ab${'0'.repeat(62)}`;
const PATH = join('ab', DIGEST.slice(7));

let folder = '';
let files: ArtifactFiles;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cadre-files-'));
  files = openArtifactFiles(join(folder, 'artifacts'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const names = () => readdirSync(join(folder, 'artifacts', 'ab'));

test('a file is there as a whole or not at all, and nothing is left beside it', async () => {
  expect(await files.read(DIGEST)).toBeUndefined();
  await files.write(DIGEST, 'é');
  await files.write(DIGEST, 'é');
  expect(await files.read(DIGEST)).toBe('é');
  expect(names()).toEqual([DIGEST.slice(7)]);
});

test('one of another length than it should have is written anew', async () => {
  await files.write(DIGEST, 'whole');
  writeFileSync(join(folder, 'artifacts', PATH), 'who');
  await files.write(DIGEST, 'whole');
  expect(await files.read(DIGEST)).toBe('whole');
});

test('who wants it while it is being removed has it in the end, whoever of the two is first', async () => {
  await files.write(DIGEST, 'text');
  // Said so before the file was out of the way: it is put back.
  await files.remove(DIGEST, async () => true);
  expect(await files.read(DIGEST)).toBe('text');
  // Said so after: they find it gone, and write it again.
  await files.remove(DIGEST, async () => {
    expect(await files.find(DIGEST)).toBeUndefined();
    await files.write(DIGEST, 'text');
    return false;
  });
  expect(await files.read(DIGEST)).toBe('text');
  await files.remove(DIGEST, async () => false);
  expect(names()).toEqual([]);
  await files.remove(DIGEST, async () => false);
});

test('what somebody who died has left is told or tidied, once it is old', async () => {
  await files.write(DIGEST, 'text');
  const place = join(folder, 'artifacts', 'ab');
  const other = `ab${'1'.repeat(62)}`;
  writeFileSync(join(place, '.cadre-half.tmp'), 'te');
  writeFileSync(join(place, `${other}.gone`), 'other');
  const listed = async (before: number) => {
    const digests: string[] = [];
    for await (const digest of files.listOld(before)) digests.push(digest);
    return digests;
  };
  expect(await listed(0)).toEqual([]);
  expect(names()).toHaveLength(3);
  for (const name of names()) utimesSync(join(place, name), 1, 1);
  expect(await listed(2_000)).toEqual([DIGEST]);
  expect(existsSync(join(place, '.cadre-half.tmp'))).toBe(false);
  expect(await listed(2_000)).toEqual([DIGEST, `sha256:${other}`]);
});

test('a folder that cannot be written says what to do', async () => {
  symlinkSync('/dev/null', join(folder, 'artifacts'));
  await expect(files.write(DIGEST, 'x')).rejects.toMatchObject({
    code: 'store_unavailable',
    message: expect.stringContaining('cannot keep an artifact'),
  });
  await expect(files.read(DIGEST)).resolves.toBeUndefined();
});
