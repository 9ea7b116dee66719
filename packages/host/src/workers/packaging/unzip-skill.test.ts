import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { asArchive } from './as-archive.ts';
import { unpackArchive } from './unpack-archive.ts';
import { unzipSkill } from './unzip-skill.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'cadre-unzip-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const SKILL = `---
name: notes
description: Use it for notes.
license: MIT
metadata:
  version: "1.0.0"
---

Do it well.
`;

interface Entry {
  readonly name: string;
  readonly text?: string;
  readonly mode?: number;
  /** What the ZIP says instead of the truth. */
  readonly claims?: { readonly size?: number; readonly crc?: number };
  readonly encrypted?: true;
}

const FILE = 0o100644;

/** A ZIP as its specification has it, also one that nobody would write. */
async function zipOf(entries: readonly Entry[]): Promise<string> {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const {
    name,
    text = '',
    mode = name.endsWith('/') ? 0o040755 : FILE,
    claims = {},
    encrypted,
  } of entries) {
    const [path, content] = [Buffer.from(name), Buffer.from(text)];
    const packed = deflateRawSync(content);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(0x800 | (encrypted === true ? 1 : 0), 2);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(claims.crc ?? crc32(content), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(claims.size ?? content.length, 18);
    common.writeUInt16LE(path.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, path, packed]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE((mode << 16) >>> 0, 6);
    rest.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02'), Buffer.from([20, 3]), common, rest, path]));
    parts.push(local);
    offset += local.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(entries.length, 4);
  end.writeUInt16LE(entries.length, 6);
  end.writeUInt32LE(listed.length, 8);
  end.writeUInt32LE(offset, 12);
  const file = join(root, `${Math.random()}.zip`);
  await writeFile(file, Buffer.concat([...parts, listed, Buffer.from('PK\x05\x06'), end]));
  return file;
}

const GOOD: readonly Entry[] = [
  { name: 'notes/' },
  { name: 'notes/SKILL.md', text: SKILL },
  { name: 'notes/scripts/run.sh', text: '#!/bin/sh\n', mode: 0o100755 },
];

describe('a ZIP with a skill', () => {
  test('[BOT-14] gives the files of its one folder, with the bits of programs', async () => {
    const folder = await unzipSkill(
      await zipOf([...GOOD, { name: '__MACOSX/notes/._SKILL.md' }, { name: 'notes/.DS_Store' }]),
      join(root, 'to'),
    );
    expect(folder).toBe(join(root, 'to/notes'));
    expect(readFileSync(join(folder, 'SKILL.md'), 'utf8')).toBe(SKILL);
    expect((await stat(join(folder, 'scripts/run.sh'))).mode & 0o777).toBe(0o755);
    expect(await readdir(folder)).toEqual(['SKILL.md', 'scripts']);
  });

  test('[BOT-14] becomes an archive like all others, and so does a folder', async () => {
    const place = await mkdtemp(join(root, 'place-'));
    const archive = await asArchive(await zipOf(GOOD), place);
    const unpacked = await unpackArchive(archive, await mkdtemp(join(root, 'into-')));
    expect(unpacked).toMatchObject({
      index: { kind: 'skill', id: 'notes', version: '1.0.0' },
      signer: undefined,
    });
    const again = await asArchive(join(place, 'unzipped/notes'), await mkdtemp(join(root, 'place-')));
    expect(readFileSync(again)).toEqual(readFileSync(archive));
  });

  test.each<[string, readonly Entry[], string]>([
    ['a name that leads out', [...GOOD, { name: 'notes/../../evil' }], 'leads outside of the package'],
    ['an absolute name', [...GOOD, { name: '/etc/evil' }], 'absolute'],
    ['a name with backslashes', [...GOOD, { name: 'notes\\..\\evil' }], 'mean something else'],
    ['a device of Windows', [...GOOD, { name: 'notes/aux.txt' }], 'not every system'],
    ['a link', [...GOOD, { name: 'notes/passwd', text: '/etc/passwd', mode: 0o120777 }], 'is a link'],
    ['a device', [...GOOD, { name: 'notes/null', mode: 0o020666 }], 'no plain file'],
    ['a second folder at its top', [...GOOD, { name: 'other/a.txt' }], '2 folders at its top: notes, other'],
    ['a file beside its folder', [...GOOD, { name: 'evil' }], 'lies beside the folder'],
    ['no SKILL.md', [{ name: 'notes/readme.md' }], 'no folder at its top that holds SKILL.md'],
    ['a SKILL.md further in', [{ name: 'notes/inner/SKILL.md', text: SKILL }], 'no folder at its top'],
    ['nothing', [], 'no folder at its top'],
    ['a file twice', [...GOOD, { name: 'notes/skill.md' }], 'is there twice'],
    ['what is encrypted', [...GOOD, { name: 'notes/a', encrypted: true }], 'is encrypted'],
    [
      'more than a skill may have',
      [...GOOD, { name: 'notes/a', claims: { size: 11 * 2 ** 20 } }],
      'at most 10485760',
    ],
    [
      'more than it says',
      [...GOOD, { name: 'notes/a', text: 'x'.repeat(2 ** 20), claims: { size: 5 } }],
      'damaged',
    ],
    [
      'other content than it says',
      [...GOOD, { name: 'notes/a', text: 'evil', claims: { crc: 1 } }],
      'damaged',
    ],
  ])('[BOT-14] with %s is refused, and nothing lies outside of its folder', async (_, entries, reason) => {
    await expect(unzipSkill(await zipOf(entries), join(root, 'to'))).rejects.toMatchObject({
      code: 'invalid_package',
      message: expect.stringContaining(reason),
    });
    const left = await readdir(root, { recursive: true });
    expect(left.filter((name) => /evil|passwd/.test(name))).toEqual([]);
  });

  test('[BOT-14] all that is wrong is told at once', async () => {
    const zip = await zipOf([{ name: '../evil' }, { name: 'notes/l', mode: 0o120777 }, { name: 'b/c' }]);
    await expect(unzipSkill(zip, join(root, 'to'))).rejects.toMatchObject({
      details: {
        faults: [
          expect.stringContaining('../evil'),
          expect.stringContaining('notes/l'),
          expect.stringContaining('SKILL.md'),
        ],
      },
    });
  });

  test('that is cut off is damaged', async () => {
    const whole = readFileSync(await zipOf(GOOD));
    for (const part of [0.1, 0.5, 0.9]) {
      await writeFile(join(root, 'cut.zip'), whole.subarray(0, whole.length * part));
      await expect(unzipSkill(join(root, 'cut.zip'), join(root, 'to'))).rejects.toMatchObject({
        code: 'invalid_package',
      });
    }
  });

  test('a skill that is wrong is told with all its faults', async () => {
    const zip = await zipOf([
      { name: 'notes/SKILL.md', text: SKILL.replace('name: notes', 'name: Notes').replace('MIT', '[') },
    ]);
    await expect(asArchive(zip, await mkdtemp(join(root, 'place-')))).rejects.toMatchObject({
      code: 'invalid_skill',
    });
  });
});

test('a writer of ZIPs in the test is one that others read', async () => {
  const file = await zipOf(GOOD);
  // Node itself has no reader; where Python is there, it judges.
  const listed = (() => {
    try {
      return execFileSync('python3', ['-m', 'zipfile', '-t', file], { encoding: 'utf8' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'Done testing';
      throw error;
    }
  })();
  expect(listed).toContain('Done testing');
});
