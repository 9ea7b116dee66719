import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkedWorker, manifestProblems } from '../testing/checked-worker.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { temporaryRepository } from '../testing/temporary-repository.ts';
import { worker } from './worker.ts';

const files = checkedWorker(import.meta.dirname, worker);

function place() {
  return { workspace: temporaryFolder(), dataDir: temporaryFolder() };
}

test('[WRK-58] the manifest and the code name the same actions, and each effect has a preview', () => {
  expect(manifestProblems(files, worker)).toEqual([]);
});

test('[WRK-5] what was written is read again, as text and as bytes', async () => {
  const at = place();
  const path = 'a folder/ñ "quoted"\n.txt';
  const written = await files.succeed<{ version: string; created: boolean }>(
    'write',
    { path, content: 'grüße' },
    at,
  );
  expect(written.created).toBe(true);
  expect(await files.succeed('read', { path }, at)).toEqual({
    path,
    content: 'grüße',
    encoding: 'utf8',
    bytes: 7,
    version: written.version,
  });
  expect(await files.succeed('read', { path, encoding: 'base64' }, at)).toMatchObject({
    content: Buffer.from('grüße').toString('base64'),
  });
});

test('[HYG-12] a conditional write refuses when the file changed meanwhile and leaves it as it is', async () => {
  const at = place();
  const { version } = await files.succeed<{ version: string }>('write', { path: 'a', content: '1' }, at);
  writeFileSync(join(at.workspace, 'a'), 'by hand');

  const failure = await files.fail('write', { path: 'a', content: '2', ifVersion: version }, at);
  expect(failure.code).toBe('changed_meanwhile');
  expect((await files.fail('write', { path: 'a', content: '2', ifVersion: null }, at)).code).toBe(
    'changed_meanwhile',
  );
  expect(readFileSync(join(at.workspace, 'a'), 'utf8')).toBe('by hand');
});

test('[HYG-12] a write keeps the mode and never follows a link out of the workspace', async () => {
  const at = place();
  const outside = temporaryFolder();
  writeFileSync(join(at.workspace, 'run.sh'), 'old');
  chmodSync(join(at.workspace, 'run.sh'), 0o751);
  symlinkSync(join(outside, 'target'), join(at.workspace, 'link'));

  await files.succeed('write', { path: 'run.sh', content: 'new' }, at);
  expect(statSync(join(at.workspace, 'run.sh')).mode & 0o777).toBe(0o751);
  for (const path of ['link', '../escape', `${outside}/target`]) {
    expect((await files.fail('write', { path, content: 'x' }, at)).code).toBe('outside_root');
  }
  expect(existsSync(join(outside, 'target'))).toBe(false);
});

test('text that is no UTF-8 is refused with the offset of the first bad byte', async () => {
  const at = place();
  writeFileSync(join(at.workspace, 'latin'), Buffer.from([0x61, 0x62, 0xe9, 0x63]));
  expect(await files.fail('read', { path: 'latin' }, at)).toMatchObject({
    code: 'invalid_text',
    details: { offset: 2 },
  });
});

test('a file over the limit is refused, and a missing one is not found', async () => {
  const at = place();
  writeFileSync(join(at.workspace, 'big'), Buffer.alloc(100));
  expect((await files.fail('read', { path: 'big', maxBytes: 99 }, at)).code).toBe('too_large');
  expect(await files.fail('read', { path: 'bih' }, at)).toMatchObject({
    code: 'not_found',
    retryable: false,
  });
});

test('[WRK-5] what is removed comes back by its token, byte for byte and with its mode', async () => {
  const at = place();
  mkdirSync(join(at.workspace, 'tree/deep'), { recursive: true });
  writeFileSync(join(at.workspace, 'tree/deep/x'), Buffer.from([0, 1, 2]), { mode: 0o640 });
  symlinkSync('/nowhere', join(at.workspace, 'tree/link'));

  const { token } = await files.succeed<{ token: string }>('remove', { path: 'tree' }, at);
  expect(existsSync(join(at.workspace, 'tree'))).toBe(false);
  expect(await files.succeed('restore', { token }, at)).toEqual({ path: 'tree' });
  expect(readFileSync(join(at.workspace, 'tree/deep/x'))).toEqual(Buffer.from([0, 1, 2]));
  expect(statSync(join(at.workspace, 'tree/deep/x')).mode & 0o777).toBe(0o640);
  expect(readlinkSync(join(at.workspace, 'tree/link'))).toBe('/nowhere');
  expect((await files.fail('restore', { token }, at)).code).toBe('not_found');
});

test('removing a link leaves what it leads to, and the workspace itself is refused', async () => {
  const at = place();
  const outside = temporaryFolder();
  symlinkSync(outside, join(at.workspace, 'link'));
  await files.succeed('remove', { path: 'link' }, at);
  expect(existsSync(outside)).toBe(true);
  expect((await files.fail('remove', { path: '.' }, at)).code).toBe('refused');
});

test('a move or copy over something needs overwrite, and what was there can be restored', async () => {
  const at = place();
  for (const [path, content] of [
    ['a', 'A'],
    ['b', 'B'],
  ])
    await files.succeed('write', { path, content }, at);
  expect((await files.fail('copy', { from: 'a', to: 'b' }, at)).code).toBe('exists');

  const { replaced } = await files.succeed<{ replaced: string }>(
    'move',
    { from: 'a', to: 'b', overwrite: true },
    at,
  );
  expect(readFileSync(join(at.workspace, 'b'), 'utf8')).toBe('A');
  await files.succeed('move', { from: 'b', to: 'c' }, at);
  await files.succeed('restore', { token: replaced }, at);
  expect(readFileSync(join(at.workspace, 'b'), 'utf8')).toBe('B');
});

test('[WRK-5] a file and a folder are copied whole, links as links, and the plan of it is its effect', async () => {
  const at = place();
  mkdirSync(join(at.workspace, 'tree/inner'), { recursive: true });
  writeFileSync(join(at.workspace, 'tree/inner/a.sh'), 'echo a');
  chmodSync(join(at.workspace, 'tree/inner/a.sh'), 0o750);
  symlinkSync('inner/a.sh', join(at.workspace, 'tree/link'));

  const tree = await files.run('copy', { from: 'tree', to: 'other/tree' }, at);
  const file = await files.run('copy', { from: 'tree/inner/a.sh', to: 'b.sh' }, at);

  expect(tree.effects).toMatchObject([{ kind: 'file', change: 'created', path: 'other/tree', files: 2 }]);
  expect(file.effects).toMatchObject([{ change: 'created', path: 'b.sh', files: 1, bytes: 6 }]);
  expect(readFileSync(join(at.workspace, 'other/tree/inner/a.sh'), 'utf8')).toBe('echo a');
  expect(statSync(join(at.workspace, 'other/tree/inner/a.sh')).mode & 0o777).toBe(0o750);
  expect(readlinkSync(join(at.workspace, 'other/tree/link'))).toBe('inner/a.sh');
  expect(readFileSync(join(at.workspace, 'tree/inner/a.sh'), 'utf8')).toBe('echo a');
});

test('a folder is moved whole', async () => {
  const at = place();
  mkdirSync(join(at.workspace, 'tree'));
  writeFileSync(join(at.workspace, 'tree/a'), 'A');

  const { effects } = await files.run('move', { from: 'tree', to: 'moved' }, at);

  expect(effects).toMatchObject([
    { change: 'deleted', path: 'tree' },
    { change: 'created', path: 'moved' },
  ]);
  expect(existsSync(join(at.workspace, 'tree'))).toBe(false);
  expect(readFileSync(join(at.workspace, 'moved/a'), 'utf8')).toBe('A');
});

test('a folder is not copied or moved into itself', async () => {
  const at = place();
  await files.succeed('ensure-dir', { path: 'a' }, at);
  expect((await files.fail('copy', { from: 'a', to: 'a/b' }, at)).code).toBe('invalid_input');
  expect((await files.fail('move', { from: 'a', to: 'a' }, at)).code).toBe('invalid_input');
});

test('making a folder twice is fine, but not where a file stands', async () => {
  const at = place();
  expect(await files.succeed('ensure-dir', { path: 'x/y' }, at)).toEqual({ path: 'x/y', created: true });
  expect(await files.succeed('ensure-dir', { path: 'x/y' }, at)).toEqual({ path: 'x/y', created: false });
  await files.succeed('write', { path: 'f', content: '' }, at);
  expect((await files.fail('ensure-dir', { path: 'f' }, at)).code).toBe('exists');
  expect((await files.fail('ensure-dir', { path: 'f/g' }, at)).code).toBe('not_found');
});

test('a listing is filtered by glob below its folder, limited, and says so', async () => {
  const repository = temporaryRepository({
    'src/a.ts': '',
    'src/.b.ts': '',
    'src/deep/c.ts': '',
    'd.ts': '',
  });
  const at = { workspace: repository.path };
  const names = async (input: object) =>
    (await files.succeed<{ files: { path: string }[] }>('list', input, at)).files.map(({ path }) => path);

  expect(await names({ path: 'src', glob: '*.ts' })).toEqual(['src/.b.ts', 'src/a.ts']);
  expect(await names({ path: './src/', glob: '**/c.ts' })).toEqual(['src/deep/c.ts']);
  expect(await files.succeed('list', { limit: 1 }, at)).toMatchObject({ total: 4, truncated: true });
});

test('a link is described itself, a missing path as not there', async () => {
  const at = place();
  symlinkSync('/etc/passwd', join(at.workspace, 'link'));
  expect(await files.succeed('stat', { path: 'link' }, at)).toMatchObject({
    kind: 'link',
    target: '/etc/passwd',
  });
  expect(await files.succeed('stat', { path: 'none' }, at)).toEqual({ path: 'none', exists: false });
});
