import { chmodSync, lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { manifestProblems } from '../testing/checked-worker.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { temporaryRepository } from '../testing/temporary-repository.ts';
import type { HooksReport } from './report.ts';
import { hooksWorker, localHooks, runHooksIn, stagedContent, standardHooks } from './testing.ts';
import { worker } from './worker.ts';

const CONFIG = '.pre-commit-config.yaml';

const read = (folder: string, path: string) => readFileSync(join(folder, path), 'utf8');

test('the manifest promises what the code does', () => {
  expect(manifestProblems(hooksWorker, worker)).toEqual([]);
});

describe('what is staged and what is not', () => {
  test('hooks see the staged content, fixes are staged, edits elsewhere in the file stay unstaged [HYG-42]', async () => {
    const repository = temporaryRepository({ [CONFIG]: standardHooks('trailing-whitespace') });
    const lines = Array.from({ length: 20 }, (_, index) => `line ${index}`);
    repository.write('a b\n"ü".txt', `first   \n${lines.join('\n')}\nlast\n`);
    repository.git('add', '--all');
    repository.write('a b\n"ü".txt', `first   \n${lines.join('\n')}\nlast, edited   \n`);
    const run = await runHooksIn(repository);
    expect(run.code).toBe('hooks_failed');
    expect(run.hook('trailing-whitespace')).toMatchObject({ status: 'failed', changed: ['a b\n"ü".txt'] });
    expect(stagedContent(repository, 'a b\n"ü".txt')).toBe(`first\n${lines.join('\n')}\nlast\n`);
    expect(read(repository.path, 'a b\n"ü".txt')).toBe(`first\n${lines.join('\n')}\nlast, edited   \n`);
    expect((await runHooksIn(repository)).code).toBeUndefined();
  });

  test('a fault that is only in the work tree is not found, one that is only staged is', async () => {
    const repository = temporaryRepository({ [CONFIG]: standardHooks('check-json') });
    repository.write('staged-good.json', '{}');
    repository.write('staged-bad.json', '{');
    repository.git('add', '--all');
    repository.write('staged-good.json', '{ broken');
    repository.write('staged-bad.json', '{}');
    const run = await runHooksIn(repository);
    expect(run.hook('check-json')?.output).toContain('staged-bad.json');
    expect(run.hook('check-json')?.output).not.toContain('staged-good.json');
    expect(read(repository.path, 'staged-good.json')).toBe('{ broken');
    expect(repository.git('stash', 'list')).toBe('');
  });

  test('a fix in lines with unstaged edits is refused by name, and nothing has changed [HYG-42]', async () => {
    const repository = temporaryRepository({
      [CONFIG]: standardHooks('trailing-whitespace', 'end-of-file-fixer'),
    });
    repository.write('clash.txt', 'one   \ntwo\n');
    repository.write('other.txt', 'blank at the end   \n');
    repository.git('add', '--all');
    repository.write('clash.txt', 'one, edited   \ntwo\n');
    const before = repository.git('ls-files', '--stage');
    const run = await runHooksIn(repository);
    expect(run).toMatchObject({ code: 'overlaps_unstaged', message: expect.stringContaining('clash.txt') });
    expect(run.message).not.toContain('other.txt');
    expect(repository.git('ls-files', '--stage')).toBe(before);
    expect(read(repository.path, 'clash.txt')).toBe('one, edited   \ntwo\n');
    expect(read(repository.path, 'other.txt')).toBe('blank at the end   \n');
  });

  test('a staged file that is gone from the work tree is fixed in the index alone', async () => {
    const repository = temporaryRepository({ [CONFIG]: standardHooks('trailing-whitespace') });
    repository.write('gone.txt', 'x  \n');
    repository.git('add', '--all');
    rmSync(join(repository.path, 'gone.txt'));
    await runHooksIn(repository);
    expect(stagedContent(repository, 'gone.txt')).toBe('x\n');
    expect(repository.git('status', '--porcelain', 'gone.txt')).toBe('AD gone.txt');
  });

  test('bytes that are no UTF-8, modes and other permissions survive a fix', async () => {
    const repository = temporaryRepository({ [CONFIG]: standardHooks('trailing-whitespace') });
    repository.write('latin.txt', Buffer.from([0xe9, 0x20, 0x0a, 0xff, 0x0a]));
    repository.write('run.sh', '#!/bin/sh\necho  \n');
    chmodSync(join(repository.path, 'run.sh'), 0o750);
    repository.git('add', '--all');
    repository.write('latin.txt', Buffer.from([0xe9, 0x20, 0x0a, 0xff, 0x0a, 0xfe, 0x0a]));
    await runHooksIn(repository);
    expect(stagedContent(repository, 'latin.txt')).toBe('\xe9\n\xff\n');
    expect(readFileSync(join(repository.path, 'latin.txt'))).toEqual(
      Buffer.from([0xe9, 0x0a, 0xff, 0x0a, 0xfe, 0x0a]),
    );
    expect(lstatSync(join(repository.path, 'run.sh')).mode & 0o777).toBe(0o750);
    expect(repository.git('ls-files', '--stage', 'run.sh')).toMatch(/^100755/);
  });

  test('line ends that git converts are checked out and staged as git does', async () => {
    const repository = temporaryRepository({
      [CONFIG]: standardHooks('trailing-whitespace'),
      '.gitattributes': '*.txt text eol=crlf\n',
    });
    repository.write('dos.txt', 'one  \r\ntwo\r\n');
    repository.git('add', '--all');
    await runHooksIn(repository);
    expect(stagedContent(repository, 'dos.txt')).toBe('one\ntwo\n');
    expect(read(repository.path, 'dos.txt')).toBe('one\r\ntwo\r\n');
    expect(repository.git('status', '--porcelain')).toBe('A  dos.txt');
  });

  test('works before the first commit, and in a linked work tree', async () => {
    const repository = temporaryRepository();
    repository.write(CONFIG, standardHooks('end-of-file-fixer', 'check-added-large-files'));
    repository.write('new.txt', 'x');
    repository.git('add', '--all');
    expect((await runHooksIn(repository)).hook('end-of-file-fixer')?.changed).toContain('new.txt');
    repository.git('commit', '--quiet', '--message', 'first');
    const linked = { path: join(temporaryFolder(), 'linked') };
    repository.git('worktree', 'add', '--quiet', linked.path);
    writeFileSync(join(linked.path, 'more.txt'), 'y');
    repository.git('-C', linked.path, 'add', 'more.txt');
    await runHooksIn(linked);
    expect(read(linked.path, 'more.txt')).toBe('y\n');
    expect(stagedContent(linked, 'more.txt')).toBe('y\n');
  });

  test('the index of `git commit FILE` is the one that is read and mended', async () => {
    const repository = temporaryRepository({ [CONFIG]: standardHooks('trailing-whitespace') });
    repository.write('a.txt', 'a  \n');
    repository.git('add', 'a.txt');
    const other = join(repository.path, '.git', 'next-index');
    writeFileSync(other, readFileSync(join(repository.path, '.git', 'index')));
    await runHooksIn(repository, { indexFile: other });
    expect(stagedContent(repository, 'a.txt')).toBe('a  \n');
    expect(repository.git('-c', 'core.quotePath=false', 'status', '--porcelain')).toContain('a.txt');
    expect(read(repository.path, 'a.txt')).toBe('a\n');
  });
});

describe('what is looked at', () => {
  test('only staged files, all files, or those that are named', async () => {
    const repository = temporaryRepository({
      [CONFIG]: standardHooks('check-json'),
      'old.json': '{',
      'older.json': '{',
    });
    repository.write('new.json', '{');
    repository.git('add', '--all');
    expect((await runHooksIn(repository)).hook('check-json')?.files).toBe(1);
    expect((await runHooksIn(repository, { all: true })).hook('check-json')?.files).toBe(3);
    const named = await runHooksIn(repository, { files: ['older.json', './new.json', 'no.json'] });
    expect(named.hook('check-json')?.files).toBe(2);
  });

  test('after a merge only what differs from both sides', async () => {
    const repository = temporaryRepository({ [CONFIG]: standardHooks('check-json'), 'a.json': '{}' });
    repository.git('switch', '--quiet', '-c', 'other');
    repository.write('theirs.json', '{ broken');
    repository.write('a.json', '{"theirs": 1}');
    repository.git('add', '--all');
    repository.git('commit', '--quiet', '--message', 'theirs');
    repository.git('switch', '--quiet', 'work');
    repository.write('a.json', '{"ours": 1}');
    repository.git('commit', '--quiet', '--all', '--message', 'ours');
    expect(() => repository.git('merge', 'other')).toThrow();
    expect(await runHooksIn(repository)).toMatchObject({
      code: 'unmerged',
      message: expect.stringContaining('a.json'),
    });
    repository.write('a.json', '{"both": 1');
    repository.git('add', '--all');
    const run = await runHooksIn(repository);
    expect(run.hook('check-json')?.output).toContain('a.json');
    expect(run.hook('check-json')?.output).not.toContain('theirs.json');
  });

  test('links are looked at as links, submodules and broken links do no harm', async () => {
    const inner = temporaryRepository({ 'x.txt': 'x' });
    const repository = temporaryRepository({
      [CONFIG]: standardHooks('trailing-whitespace', 'check-symlinks', 'end-of-file-fixer'),
    });
    repository.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', inner.path, 'sub');
    symlinkSync('nowhere  ', join(repository.path, 'broken'));
    symlinkSync('sub/x.txt', join(repository.path, 'fine'));
    mkdirSync(join(repository.path, 'folder'));
    symlinkSync('/etc/passwd', join(repository.path, 'folder/out'));
    repository.git('add', '--all');
    const run = await runHooksIn(repository);
    expect(run.hook('check-symlinks')?.output).toBe('broken: Broken symlink');
    expect(run.hook('trailing-whitespace')?.changed).toEqual([]);
  });

  test('a repository without configuration has nothing to do in other stages, a folder without repository is refused', async () => {
    const { outcome } = await hooksWorker.run(
      'run',
      { stage: 'pre-push' },
      { workspace: temporaryRepository({ a: '' }).path },
    );
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'step_skipped' } });
    const nowhere = await hooksWorker.fail('run', {}, { workspace: temporaryFolder() });
    expect(nowhere.code).toBe('not_a_repository');
  });

  test.each([
    ['repos: [', 'invalid_config'],
    ['hello', 'invalid_config'],
    ['repos:\n- hooks: []\n', 'invalid_config'],
    ['repos:\n- repo: local\n  hooks:\n  - id: x\n    files: [1]\n', 'invalid_config'],
  ])('a configuration that is not understood is named: %j', async (text, code) => {
    const repository = temporaryRepository({ [CONFIG]: text });
    expect(await runHooksIn(repository)).toMatchObject({ code, message: expect.stringContaining(CONFIG) });
  });
});

describe('programs', () => {
  test('run on a tree of exactly what is staged, and git called by them sees it', async () => {
    const script =
      '#!/bin/sh\npwd; cat a.txt; git diff --cached --name-only; git diff --name-only; ls; test "$(cat a.txt)" = staged\n';
    const repository = temporaryRepository({
      [CONFIG]: localHooks({
        id: 'look',
        name: 'look',
        entry: 'hooks/look.sh',
        language: 'script',
        verbose: true,
        pass_filenames: false,
      }),
    });
    repository.write('hooks/look.sh', script);
    chmodSync(join(repository.path, 'hooks/look.sh'), 0o755);
    repository.write('a.txt', 'staged');
    repository.git('add', '--all');
    repository.write('a.txt', 'unstaged');
    repository.write('untracked.txt', '');
    const run = await runHooksIn(repository);
    expect(run.code).toBeUndefined();
    const lines = run.hook('look')?.output.split('\n') ?? [];
    expect(lines[0]).not.toContain(repository.path);
    expect(lines.slice(1)).toEqual(['stageda.txt', 'hooks/look.sh', 'a.txt', 'hooks']);
  });

  test('what they change is staged, files they were not given, new, deleted and made executable ones as well', async () => {
    const repository = temporaryRepository({
      [CONFIG]: localHooks({
        id: 'change',
        name: 'change',
        language: 'system',
        pass_filenames: false,
        entry: `sh -c 'echo more >> other.txt; rm gone.txt; chmod +x tool; echo x > made.txt; git add made.txt; echo y > left.txt'`,
      }),
      'other.txt': 'other\n',
      'gone.txt': 'gone\n',
      tool: 'tool\n',
    });
    repository.write('a.txt', 'a\n');
    repository.git('add', 'a.txt');
    const run = await runHooksIn(repository);
    expect(run.code).toBe('hooks_failed');
    expect(run.hook('change')?.code).toBe(0);
    expect(run.report?.changes.map(({ path, change }) => [path, change])).toEqual([
      ['gone.txt', 'deleted'],
      ['made.txt', 'created'],
      ['other.txt', 'modified'],
      ['tool', 'modified'],
    ]);
    expect(repository.git('status', '--porcelain').split('\n')).toEqual([
      'A  a.txt',
      'D  gone.txt',
      'A  made.txt',
      'M  other.txt',
      'M  tool',
    ]);
    expect(lstatSync(join(repository.path, 'tool')).mode & 0o111).not.toBe(0);
  });

  test('installed packages are at hand and never staged, also when a hook adds everything', async () => {
    const repository = temporaryRepository({
      [CONFIG]: localHooks({
        id: 'add',
        name: 'add',
        language: 'system',
        pass_filenames: false,
        entry: `sh -c 'cat node_modules/x/y; echo made > made.txt; git add --all'`,
        verbose: true,
      }),
      '.gitignore': 'node_modules/\n',
    });
    const inner = temporaryRepository({ 'x.txt': 'x' });
    repository.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', inner.path, 'sub');
    repository.write('node_modules/x/y', 'package');
    repository.git('add', '--all');
    const run = await runHooksIn(repository);
    expect(run.hook('add')?.output).toBe('package');
    expect(run.report?.changes).toEqual([{ path: 'made.txt', change: 'created', before: null }]);
    expect(repository.git('ls-files').split('\n')).toEqual(
      ['.gitignore', '.gitmodules', CONFIG, 'made.txt', 'sub'].sort(),
    );
  });

  test('a file that a hook makes larger than can be handled is refused, and nothing changes', {
    timeout: 120_000,
  }, async () => {
    const repository = temporaryRepository({
      [CONFIG]: localHooks({
        id: 'grow',
        name: 'grow',
        language: 'system',
        entry: 'truncate --size 70M',
        files: 'a.txt',
      }),
    });
    repository.write('a.txt', 'a');
    repository.git('add', '--all');
    expect(await runHooksIn(repository)).toMatchObject({
      code: 'too_large',
      message: expect.stringContaining('a.txt'),
    });
    expect(stagedContent(repository, 'a.txt')).toBe('a');
  });

  test('a plan shows the diff and changes nothing', async () => {
    const repository = temporaryRepository({ [CONFIG]: standardHooks('trailing-whitespace') });
    repository.write('a.txt', 'one  \ntwo\n');
    repository.git('add', '--all');
    const before = repository.git('ls-files', '--stage');
    const tried = await hooksWorker.run('run', {}, { workspace: repository.path, mode: 'preview' });
    expect(tried.effects).toEqual([
      {
        kind: 'file',
        change: 'modified',
        path: 'a.txt',
        diff: '--- a/a.txt\n+++ b/a.txt\n@@ -1,2 +1,2 @@\n-one  \n+one\n two\n',
      },
    ]);
    expect(repository.git('ls-files', '--stage')).toBe(before);
    expect(read(repository.path, 'a.txt')).toBe('one  \ntwo\n');
  });

  test('a missing program makes its hook fail; a cancelled run changes nothing', async () => {
    const repository = temporaryRepository({
      [CONFIG]: localHooks({ id: 'no', name: 'no', language: 'system', entry: 'no-such-program --x' }),
    });
    repository.write('a.txt', 'a');
    repository.git('add', '--all');
    expect((await runHooksIn(repository)).hook('no')).toMatchObject({
      status: 'failed',
      output: expect.stringContaining('not installed'),
    });
    const slow = temporaryRepository({
      [CONFIG]: localHooks({
        id: 'slow',
        name: 'slow',
        language: 'system',
        entry: `sh -c 'echo x >> a.txt; sleep 60'`,
      }),
    });
    slow.write('a.txt', 'a');
    slow.git('add', '--all');
    const before = slow.git('ls-files', '--stage');
    const { outcome } = await hooksWorker.run(
      'run',
      {},
      { workspace: slow.path, signal: AbortSignal.timeout(1_000) },
    );
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'cancelled' } });
    expect(slow.git('ls-files', '--stage')).toBe(before);
    expect(read(slow.path, 'a.txt')).toBe('a');
  });
});

describe('files that were clean before', () => {
  const CHECKS = standardHooks('check-json', 'trailing-whitespace');
  const withData = () => {
    const dataDir = temporaryFolder();
    return async (workspace: string, input: object = { all: true }) => {
      const { outcome } = await hooksWorker.run('run', input, { workspace, dataDir });
      const report = (outcome.ok ? outcome.output : outcome.failure.details) as unknown as HooksReport;
      return { report, hook: (id: string) => report.hooks.find((hook) => hook.id === id) };
    };
  };

  test('are not even read again, and what differs is', async () => {
    const repository = temporaryRepository({ [CONFIG]: CHECKS, 'a.json': '{}', 'b.txt': 'x\n', tool: 'x\n' });
    const run = withData();
    expect((await run(repository.path)).hook('check-json')).toMatchObject({ status: 'passed', files: 1 });
    // Git no longer has the content: whoever would read it would fail.
    const id = repository.git('rev-parse', ':b.txt');
    rmSync(join(repository.path, '.git/objects', id.slice(0, 2), id.slice(2)), { force: true });
    rmSync(join(repository.path, 'b.txt'));
    expect((await run(repository.path)).hook('trailing-whitespace')).toMatchObject({
      status: 'passed',
      files: 4,
    });
    repository.write('a.json', '{');
    repository.git('add', 'a.json');
    expect((await run(repository.path)).hook('check-json')).toMatchObject({ status: 'failed' });
    repository.write('a.json', '{}');
    repository.git('add', 'a.json');
    expect((await run(repository.path)).hook('check-json')).toMatchObject({ status: 'passed' });
  });

  test('count for nothing under another configuration, mode or path, or when a hook was left out', async () => {
    const repository = temporaryRepository({
      [CONFIG]: standardHooks('check-json'),
      'bad  .txt': 'blank  \n',
      'x.sh': 'x\n',
    });
    const run = withData();
    await run(repository.path);
    repository.write(
      CONFIG,
      standardHooks('check-json', 'trailing-whitespace', 'check-executables-have-shebangs'),
    );
    repository.git('add', CONFIG);
    expect(
      (await run(repository.path, { all: true, skip: ['trailing-whitespace'] })).hook('trailing-whitespace'),
    ).toMatchObject({ status: 'skipped' });
    expect((await run(repository.path)).hook('trailing-whitespace')).toMatchObject({ status: 'failed' });
    expect((await run(repository.path)).hook('check-executables-have-shebangs')).toMatchObject({
      status: 'skipped',
    });
    repository.git('update-index', '--chmod=+x', 'x.sh');
    expect((await run(repository.path)).hook('check-executables-have-shebangs')).toMatchObject({
      status: 'failed',
    });
    repository.git('mv', 'x.sh', 'x.json');
    repository.git('update-index', '--chmod=-x', 'x.json');
    expect((await run(repository.path)).hook('check-json')).toMatchObject({ status: 'failed' });
  });

  test('are looked at again when a program has changed them', async () => {
    const config = JSON.parse(standardHooks('trailing-whitespace'));
    const program = { id: 'p', name: 'p', language: 'system', pass_filenames: false, entry: 'true' };
    const withProgram = (entry: string) =>
      JSON.stringify({ repos: [...JSON.parse(localHooks({ ...program, entry })).repos, ...config.repos] });
    const repository = temporaryRepository({
      [CONFIG]: withProgram(`sh -c 'if test -e go; then echo "x  " > a.txt; fi'`),
      'a.txt': 'a\n',
    });
    const run = withData();
    expect((await run(repository.path)).report.metrics['failed']).toBe(0);
    repository.write('go', '');
    repository.git('add', 'go');
    expect((await run(repository.path)).hook('trailing-whitespace')).toMatchObject({
      status: 'failed',
      changed: ['a.txt'],
    });
    expect(stagedContent(repository, 'a.txt')).toBe('x\n');
  });
});
