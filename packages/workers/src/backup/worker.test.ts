import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { expect, test } from 'vitest';
import { checkedWorker, manifestProblems } from '../testing/checked-worker.ts';
import { runInChild } from '../testing/run-in-child.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { repositoryAt, temporaryRepository } from '../testing/temporary-repository.ts';
import { worker } from './worker.ts';

const backup = checkedWorker(import.meta.dirname, worker);
const module = join(import.meta.dirname, 'worker.ts');

interface Made {
  readonly archive: string;
  readonly removed: string[];
  readonly findings: { file: string; rule: string }[];
  readonly metrics: Record<string, number>;
}

function archivesIn(dataDir: string): string[] {
  return readdirSync(join(dataDir, 'backups')).filter((name) => name.endsWith('.tar.gz'));
}

test('[WRK-58] the manifest and the code name the same actions, and each effect has a preview', () => {
  expect(manifestProblems(backup, worker)).toEqual([]);
});

test('[HYG-26] an archive restores every file with any name, its mode, time and links, and the history', async () => {
  const repository = temporaryRepository({
    'a b.txt': 'a',
    'line\nbreak.txt': 'b',
    'grüße/ñ.txt': 'ü',
    '.gitignore': 'out/\n',
  });
  repository.git('tag', 'v1');
  repository.git('branch', 'topic');
  repository.write('run.sh', '#!/bin/sh\n');
  chmodSync(join(repository.path, 'run.sh'), 0o751);
  utimesSync(join(repository.path, 'run.sh'), 1_000_000_000, 1_000_000_000);
  repository.write('a b.txt', 'edited');
  repository.write('empty', '');
  repository.write(`deep/${'n'.repeat(120)}/${'m'.repeat(120)}.bin`, Buffer.from([0, 255, 1]));
  repository.write('out/built.txt', 'ignored');
  symlinkSync('/etc/hostname', join(repository.path, 'link'));
  const at = { workspace: repository.path, dataDir: temporaryFolder() };

  const made = await backup.succeed<Made>('snapshot', {}, at);
  expect(made.archive).toMatch(/^cadre-test-\w+_\d{8}T\d{6}Z_hygiene\.tar\.gz$/);
  const to = join(temporaryFolder(), 'restored');
  expect(await backup.succeed('restore', { to }, at)).toMatchObject({ files: 8, history: true });

  const restored = repositoryAt(to);
  for (const name of ['a b.txt', 'line\nbreak.txt', 'grüße/ñ.txt', 'run.sh', 'empty']) {
    expect(readFileSync(join(to, name)), name).toEqual(readFileSync(join(repository.path, name)));
  }
  expect(statSync(join(to, 'run.sh')).mode & 0o777).toBe(0o751);
  expect(statSync(join(to, 'run.sh')).mtimeMs).toBe(1_000_000_000_000);
  expect(readlinkSync(join(to, 'link'))).toBe('/etc/hostname');
  expect(existsSync(join(to, 'out'))).toBe(false);
  for (const query of [['show-ref'], ['branch', '--show-current'], ['rev-parse', 'HEAD'], ['fsck']]) {
    expect(restored.git(...query)).toBe(repository.git(...query));
  }
  expect(restored.git('status', '--porcelain')).toBe(repository.git('status', '--porcelain'));
});

test('[HYG-26] the archive is a plain tar.gz with a manifest that holds the SHA-256 of each file', async () => {
  const repository = temporaryRepository({ 'a.txt': 'hello\n' });
  const at = { workspace: repository.path, dataDir: temporaryFolder() };
  const { archive } = await backup.succeed<Made>('snapshot', {}, at);
  const path = join(at.dataDir, 'backups', archive);
  const listed = execFileSync('tar', ['-tzf', path], { encoding: 'utf8' }).trim().split('\n');
  expect(listed).toEqual(['files/a.txt', 'repository.bundle', 'manifest.json']);
  const manifest = JSON.parse(
    execFileSync('tar', ['-xzOf', path, 'manifest.json'], { encoding: 'utf8' }),
  ) as {
    entries: object[];
  };
  const sha256 = '5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03';
  expect(manifest.entries).toMatchObject([{ kind: 'file', path: 'a.txt', bytes: 6, sha256 }]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('[HYG-26] the newest archives are kept, and an archive that is not verified neither counts nor goes', async () => {
  const at = { workspace: temporaryFolder(), dataDir: temporaryFolder() };
  writeFileSync(join(at.workspace, 'a.txt'), 'a');
  const first = await backup.succeed<Made>('snapshot', {}, at);
  const second = await backup.succeed<Made>('snapshot', {}, at);
  writeFileSync(join(at.dataDir, 'backups', 'foreign.tar.gz'), 'not verified');
  const third = await backup.succeed<Made>('snapshot', { keep: 2 }, at);
  expect(third.removed).toEqual([first.archive]);
  expect(archivesIn(at.dataDir).toSorted()).toEqual(
    [second.archive, third.archive, 'foreign.tar.gz'].toSorted(),
  );

  expect(await backup.succeed('prune', { keep: 1 }, at)).toEqual({ removed: [second.archive] });
  expect(await backup.succeed('prune', { keep: 1 }, at)).toEqual({ removed: [] });
  const { archives } = await backup.succeed<{ archives: object[] }>('list', {}, at);
  expect(archives).toContainEqual(
    expect.objectContaining({ archive: third.archive, verified: true, files: 1 }),
  );
  expect(archives).toContainEqual(expect.objectContaining({ archive: 'foreign.tar.gz', verified: false }));
});

test('damage and truncation are noticed and named, and nothing is restored from it', async () => {
  const at = { workspace: temporaryFolder(), dataDir: temporaryFolder() };
  writeFileSync(join(at.workspace, 'random.bin'), randomBytes(100_000));
  const { archive } = await backup.succeed<Made>('snapshot', {}, at);
  const path = join(at.dataDir, 'backups', archive);
  const whole = readFileSync(path);
  const damaged = Buffer.from(whole);
  damaged.writeUInt8((damaged[50_000] ?? 0) ^ 1, 50_000);

  writeFileSync(path, damaged);
  expect(await backup.succeed('verify', {}, at)).toMatchObject({ intact: false });
  const to = join(temporaryFolder(), 'to');
  expect((await backup.fail('restore', { to }, at)).code).toBe('backup_damaged');
  expect(existsSync(to)).toBe(false);
  writeFileSync(path, whole);
  truncateSync(path, whole.length - 100);
  expect(await backup.succeed('verify', { archive }, at)).toMatchObject({ intact: false });
  expect((await backup.fail('verify', {}, at)).code).toBe('not_found');
  writeFileSync(path, whole);
  expect(await backup.succeed('verify', {}, at)).toMatchObject({ intact: true, files: 1, problems: [] });
});

/** Puts an archive with hostile parts in place, as if it were a verified one. */
async function forgeArchive(dataDir: string, parts: { name: string; content?: string; linkname?: string }[]) {
  const tar = pack();
  const entries = parts.map(({ name, content = '', linkname }) => {
    const path = name.replace('files/', '');
    if (linkname !== undefined) return { kind: 'link', path, target: linkname };
    const sha256 = execFileSync('sha256sum', { input: content, encoding: 'utf8' }).slice(0, 64);
    return { kind: 'file', path, mode: 0o644, bytes: content.length, sha256 };
  });
  for (const { name, content = '', linkname } of parts) {
    if (linkname === undefined) tar.entry({ name }, content);
    else tar.entry({ name, type: 'symlink', linkname });
  }
  const about = { version: 1, workspace: 'w', createdAt: '2026-01-01T00:00:00Z', run: 'r', history: null };
  tar.entry({ name: 'manifest.json' }, JSON.stringify({ ...about, entries }));
  tar.finalize();
  const bytes = gzipSync(await buffer(tar));
  mkdirSync(join(dataDir, 'backups'), { recursive: true });
  writeFileSync(join(dataDir, 'backups/forged.tar.gz'), bytes);
  const proof = {
    createdAt: about.createdAt,
    run: 'r',
    files: parts.length,
    bytes: bytes.length,
    verifiedAt: '',
  };
  writeFileSync(join(dataDir, 'backups/forged.tar.gz.json'), JSON.stringify(proof));
}

test('[HYG-26] an archive with paths or links that lead out of the target writes nothing outside', async () => {
  const at = { workspace: temporaryFolder(), dataDir: temporaryFolder() };
  const place = temporaryFolder();
  const to = join(place, 'to');
  for (const name of ['files/../evil', 'files//etc/evil', '../evil', 'files/a/../../evil']) {
    await forgeArchive(at.dataDir, [{ name, content: 'evil' }]);
    const failure = await backup.fail('restore', { to }, at);
    expect(failure.code, name).toMatch(/denied|backup_damaged/);
  }
  await forgeArchive(at.dataDir, [
    { name: 'files/way', linkname: place },
    { name: 'files/way/evil', content: 'evil' },
  ]);
  expect((await backup.run('restore', { to }, at)).outcome.ok).toBe(false);
  expect(readdirSync(place)).toEqual([]);
});

test('a restoration never overwrites, and some files can be chosen', async () => {
  const at = {
    workspace: temporaryRepository({ 'src/a.txt': 'a', 'src/b.md': 'b', c: 'c' }).path,
    dataDir: temporaryFolder(),
  };
  await backup.succeed('snapshot', {}, { ...at, run: 'run-7' });
  expect((await backup.fail('restore', { to: '.' }, at)).code).toBe('exists');
  expect(
    await backup.succeed('restore', { to: 'back', only: ['src/**/*.txt'], run: 'run-7' }, at),
  ).toMatchObject({ files: 1, history: false });
  expect(readdirSync(join(at.workspace, 'back'), { recursive: true })).toEqual(['src', 'src/a.txt']);
  expect((await backup.fail('restore', { to: 'x', only: ['nothing'] }, at)).code).toBe('not_found');
  expect((await backup.fail('restore', { to: 'x', run: 'run-8' }, at)).code).toBe('not_found');
  expect((await backup.fail('restore', { to: '../x' }, at)).code).toBe('outside_root');
});

test('archives that lie inside the workspace are not in the archive', async () => {
  const workspace = temporaryFolder();
  writeFileSync(join(workspace, 'a.txt'), 'a');
  const at = { workspace, dataDir: join(workspace, '.cadre/data') };
  await backup.succeed('snapshot', {}, at);
  expect((await backup.succeed<Made>('snapshot', {}, at)).metrics['files']).toBe(1);
});

test('repositories and submodules inside are in the archive, an empty repository has no history', async () => {
  const repository = temporaryRepository();
  repository.write('inner/x.txt', 'x');
  repositoryAt(join(repository.path, 'inner')).git('init', '--quiet');
  const at = { workspace: repository.path, dataDir: temporaryFolder() };
  await backup.succeed('snapshot', {}, at);
  const to = join(temporaryFolder(), 'to');
  expect(await backup.succeed('restore', { to }, at)).toMatchObject({ files: 1, history: false });
  expect(readFileSync(join(to, 'inner/x.txt'), 'utf8')).toBe('x');
});

test('a pipe in the workspace is named and does not stop the backup', async () => {
  const at = { workspace: temporaryFolder(), dataDir: temporaryFolder() };
  writeFileSync(join(at.workspace, 'a.txt'), 'a');
  execFileSync('mkfifo', [join(at.workspace, 'pipe')]);
  const made = await backup.succeed<Made>('snapshot', { ignored: true }, at);
  expect(made.findings).toMatchObject([{ file: 'pipe', rule: 'unreadable' }]);
  expect(made.metrics).toMatchObject({ files: 1, unreadable: 1 });
  const failure = await backup.fail('snapshot', { ignored: true, complete: true }, at);
  expect(failure).toMatchObject({ code: 'backup_failed', details: { files: ['pipe'] } });
  expect(archivesIn(at.dataDir)).toEqual([made.archive]);
});

/** Somebody who may not read everything; only root can become somebody else. */
const isRoot = process.getuid?.() === 0;

test.runIf(isRoot)(
  'a file that may not be read is named, and one that is alone fails the backup',
  async () => {
    const at = { workspace: temporaryFolder(), dataDir: temporaryFolder() };
    for (const folder of [at.workspace, at.dataDir]) chmodSync(folder, 0o777);
    writeFileSync(join(at.workspace, 'secret.txt'), 's', { mode: 0o600 });
    const call = { worker: module, action: 'snapshot', input: { ignored: true }, uid: 65_534, ...at };
    const alone = await runInChild(call);
    expect(alone.outcome).toMatchObject({ ok: false, failure: { code: 'backup_failed' } });
    writeFileSync(join(at.workspace, 'open.txt'), 'o', { mode: 0o644 });
    const partial = await runInChild(call);
    expect(partial.outcome).toMatchObject({ ok: true, output: { findings: [{ file: 'secret.txt' }] } });
  },
);

test('[HYG-26] a disk that does not take the archive fails the backup and leaves no half file', async () => {
  const at = { workspace: temporaryFolder(), dataDir: temporaryFolder() };
  writeFileSync(join(at.workspace, 'big.bin'), randomBytes(3_000_000));
  // A limit on the size of files stops the writing in the middle, as a full disk does.
  const before = "trap '' XFSZ; ulimit -f 1000";
  const { outcome } = await runInChild({ worker: module, action: 'snapshot', input: {}, before, ...at });
  expect(outcome).toMatchObject({ ok: false, failure: { code: 'backup_failed', retryable: false } });
  expect(readdirSync(join(at.dataDir, 'backups'))).toEqual([]);
});

test('a large file is archived and verified in little memory', async () => {
  const at = { workspace: temporaryFolder(), dataDir: temporaryFolder() };
  writeFileSync(join(at.workspace, 'big.bin'), '');
  truncateSync(join(at.workspace, 'big.bin'), 300_000_000);
  const { outcome, peakBytes } = await runInChild({ worker: module, action: 'snapshot', input: {}, ...at });
  expect(outcome).toMatchObject({ ok: true, output: { metrics: { files: 1 } } });
  expect(peakBytes).toBeLessThan(250_000_000);
});

test('a process that is killed leaves no archive under a proper name, and old halves are removed', async () => {
  const at = { workspace: temporaryFolder(), dataDir: temporaryFolder() };
  writeFileSync(join(at.workspace, 'a.txt'), 'a');
  const partial = join(at.dataDir, 'backups/.w_20260101T000000Z_hygiene.tar.gz.partial');
  mkdirSync(join(at.dataDir, 'backups'));
  writeFileSync(partial, 'half');
  utimesSync(partial, 1_000_000_000, 1_000_000_000);
  expect(await backup.succeed('list', {}, at)).toEqual({ archives: [] });
  await backup.succeed('snapshot', {}, at);
  expect(existsSync(partial)).toBe(false);
});

test('[HYG-3] a plan says what would be archived and writes nothing', async () => {
  const at = { workspace: temporaryRepository({ a: '12345' }).path, dataDir: temporaryFolder() };
  const { effects, outcome } = await backup.run('snapshot', {}, { ...at, mode: 'preview' });
  expect(effects).toMatchObject([{ kind: 'archive', files: 1, bytes: 5 }]);
  expect(outcome).toMatchObject({ ok: true, output: { archive: null } });
  expect(readdirSync(at.dataDir)).toEqual([]);
  await backup.succeed('snapshot', {}, at);
  const planned = await backup.run('restore', { to: 'x' }, { ...at, mode: 'preview' });
  expect(planned.effects).toMatchObject([{ kind: 'archive', files: 1, bytes: 5 }]);
  expect(lstatSync(at.workspace).isDirectory() && existsSync(join(at.workspace, 'x'))).toBe(false);
});
