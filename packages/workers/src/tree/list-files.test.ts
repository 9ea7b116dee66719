import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineWorker } from '@cadre/sdk';
import { runAction } from '@cadre/sdk/testing';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { repositoryAt, temporaryRepository } from '../testing/temporary-repository.ts';
import { type ListOptions, listFiles } from './list-files.ts';

const lister = defineWorker({
  id: 'lister',
  actions: { list: (input: ListOptions, context) => listFiles(context, input) },
});

async function list(workspace: string, options: ListOptions = {}) {
  const { outcome } = await runAction(lister, 'list', options, { workspace });
  return outcome.ok ? outcome.output : outcome.failure;
}

test('lists tracked and new files with any name, without ignored, deleted and linked ones', async () => {
  const repository = temporaryRepository({
    '.gitignore': 'out/\n',
    'a b.txt': '',
    'quote"s\'.txt': '',
    'line\nbreak.txt': '',
    'grüße/ñ.txt': '',
    '-dash.txt': '',
    'gone.txt': '',
  });
  repository.write('new.txt', '');
  repository.write('out/built.txt', '');
  repository.write('node_modules/left/index.js', '');
  rmSync(join(repository.path, 'gone.txt'));
  symlinkSync('/etc/passwd', join(repository.path, 'link.txt'));

  expect(await list(repository.path)).toEqual([
    '-dash.txt',
    '.gitignore',
    'a b.txt',
    'grüße/ñ.txt',
    'line\nbreak.txt',
    'new.txt',
    'quote"s\'.txt',
  ]);
});

test('what lies behind a folder that was replaced by a link is not listed', async () => {
  const outside = temporaryFolder();
  writeFileSync(join(outside, 'file.txt'), 'not ours');
  const repository = temporaryRepository({ 'folder/file.txt': 'ours', 'kept.txt': '' });
  rmSync(join(repository.path, 'folder'), { recursive: true });
  symlinkSync(outside, join(repository.path, 'folder'));

  expect(await list(repository.path)).toEqual(['kept.txt']);
});

test('repositories inside are left out unless they are asked for', async () => {
  const repository = temporaryRepository({ 'own.txt': '' });
  mkdirSync(join(repository.path, 'inner'));
  const inner = repositoryAt(join(repository.path, 'inner'));
  inner.git('init', '--quiet');
  inner.write('theirs.txt', '');

  expect(await list(repository.path)).toEqual(['own.txt']);
  expect(await list(repository.path, { nested: true })).toEqual(['inner/theirs.txt', 'own.txt']);
});

test('a part of the workspace is listed with paths of the workspace, less what is excluded', async () => {
  const repository = temporaryRepository({
    'src/a.ts': '',
    'src/generated/b.ts': '',
    'src/deep/x.min.js': '',
    'docs/c.md': '',
  });

  expect(await list(repository.path, { path: 'src', exclude: ['src/generated/', '*.min.js'] })).toEqual([
    'src/a.ts',
  ]);
  expect(await list(repository.path, { exclude: ['src'] })).toEqual(['docs/c.md']);
});

test('a folder without git is walked and its .gitignore honoured', async () => {
  const folder = temporaryFolder();
  for (const name of ['keep.txt', 'skip.log']) writeFileSync(join(folder, name), '');
  writeFileSync(join(folder, '.gitignore'), '*.log\n');
  mkdirSync(join(folder, 'node_modules'));
  writeFileSync(join(folder, 'node_modules/x.js'), '');

  expect(await list(folder)).toEqual(['.gitignore', 'keep.txt']);
  expect(await list(folder, { ignored: true })).toEqual([
    '.gitignore',
    'keep.txt',
    'node_modules/x.js',
    'skip.log',
  ]);
});

test('a path that leads out is refused', async () => {
  const repository = temporaryRepository({ 'a.txt': '' });
  expect(await list(repository.path, { path: '..' })).toMatchObject({ code: 'outside_root' });
});

test('a file-system monitor of the repository is not run', async () => {
  const repository = temporaryRepository({ 'a.txt': '' });
  repository.write('evil.sh', '#!/bin/sh\ntouch ran\n');
  repository.git('config', 'core.fsmonitor', `sh ${join(repository.path, 'evil.sh')}`);

  expect(await list(repository.path)).toEqual(['a.txt', 'evil.sh']);
});
