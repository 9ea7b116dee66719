import { execFileSync } from 'node:child_process';
import { chmodSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isInstalled } from '../../../../../scripts/installed-program.ts';
import { temporaryRepository } from '../../testing/temporary-repository.ts';
import { splitWords } from '../split-words.ts';
import { hooksWorker, localHooks, runHooksIn, standardHooks } from '../testing.ts';
import { pythonPattern } from './python-pattern.ts';

const CONFIG = '.pre-commit-config.yaml';

async function runOn(files: Record<string, string>, config: string, input: object = {}) {
  const repository = temporaryRepository({ [CONFIG]: config, ...files });
  return { repository, run: await runHooksIn(repository, { all: true, ...input }) };
}

describe('choosing files', () => {
  test('by name, type and what is left out, for each hook and for all [HYG-43]', async () => {
    const hook = (id: string, more: object) => ({
      id,
      name: id,
      language: 'system',
      entry: 'echo',
      verbose: true,
      ...more,
    });
    const config = JSON.parse(
      localHooks(
        hook('files', { files: '(?x)^src/ # only here\n .*\\.py$' }),
        hook('exclude', { exclude: '^src/' }),
        hook('types', { types: ['python'] }),
        hook('types-or', { types_or: ['json', 'python'], exclude_types: ['json'] }),
        hook('none', { files: '^nothing$' }),
        hook('always', { files: '^nothing$', always_run: true }),
      ),
    );
    const { run } = await runOn(
      { 'src/a.py': '', 'src/b.js': '', 'b.py': '', 'c.json': '{}', 'vendor/d.py': '' },
      JSON.stringify({ ...config, exclude: '^vendor/' }),
    );
    expect(run.code).toBeUndefined();
    const given = (id: string) => run.hook(id)?.output.split(/\s+/).filter(Boolean).sort();
    expect(given('files')).toEqual(['src/a.py']);
    expect(given('exclude')).toEqual([CONFIG, 'b.py', 'c.json']);
    expect(given('types')).toEqual(['b.py', 'src/a.py']);
    expect(given('types-or')).toEqual(['b.py', 'src/a.py']);
    expect(run.hook('none')).toMatchObject({ status: 'skipped', output: 'no files to check' });
    expect(run.hook('always')).toMatchObject({ status: 'passed', files: 0 });
  });

  test('stages, the former names of stages, and what is skipped', async () => {
    const hook = (id: string, stages?: string[]) => ({
      id,
      name: id,
      language: 'system',
      entry: 'true',
      ...(stages ? { stages } : {}),
    });
    const config = JSON.parse(
      localHooks(
        hook('any'),
        hook('commit', ['commit']),
        hook('push', ['pre-push']),
        hook('manual', ['manual']),
      ),
    );
    const ids = async (config: object, input: object) =>
      (await runOn({}, JSON.stringify(config), input)).run.report?.hooks.map(
        ({ id, status }) => `${id} ${status}`,
      );
    expect(await ids(config, {})).toEqual(['any passed', 'commit passed']);
    expect(await ids(config, { stage: 'pre-push', skip: ['push'] })).toEqual(['any passed', 'push skipped']);
    expect(await ids({ ...config, default_stages: ['manual'] }, {})).toEqual(['commit passed']);
  });
});

describe('languages', () => {
  test('system, script, fail and pygrep run as they are [HYG-43]', async () => {
    const { run } = await runOn(
      { 'a.txt': 'fine\nTODO ä\n', 'b.txt': 'fine\n', 'bad.orig': '' },
      localHooks(
        {
          id: 'system',
          name: 'system',
          language: 'system',
          entry: `sh -c 'echo "$@"' --`,
          args: ['one two'],
          files: '^b',
          verbose: true,
          require_serial: true,
        },
        { id: 'fail', name: 'fail', language: 'fail', entry: 'no such files', files: '\\.orig$' },
        {
          id: 'grep',
          name: 'grep',
          language: 'pygrep',
          entry: 'todo ä',
          args: ['-i'],
          types: ['text'],
          files: 'txt$',
        },
        {
          id: 'all',
          name: 'all',
          language: 'pygrep',
          entry: 'fine\\nTODO',
          args: ['--multiline'],
          files: 'txt$',
        },
        {
          id: 'negate',
          name: 'negate',
          language: 'pygrep',
          entry: 'TODO',
          args: ['--negate'],
          files: 'txt$',
        },
      ),
    );
    expect(run.hook('system')?.output).toBe('one two b.txt bad.orig');
    expect(run.hook('fail')).toMatchObject({ status: 'failed', output: 'no such files\nbad.orig' });
    expect(run.hook('grep')?.output).toBe('a.txt:2:TODO ä');
    expect(run.hook('all')?.output).toBe('a.txt:1:fine\nTODO');
    expect(run.hook('negate')?.output).toBe('b.txt');
  });

  test('the first hook that fails stops the rest where that is asked for', async () => {
    const fails = { id: 'fails', name: 'fails', language: 'system', entry: 'false', fail_fast: true };
    const { run } = await runOn(
      {},
      localHooks(fails, { id: 'after', name: 'after', language: 'system', entry: 'true' }),
    );
    expect(run.hook('after')?.status).toBe('not_run');
    const builtIn = JSON.parse(standardHooks('check-json', 'end-of-file-fixer'));
    const stopped = await runOn({ 'a.json': '{' }, JSON.stringify({ ...builtIn, fail_fast: true }));
    expect(stopped.run.hook('end-of-file-fixer')).toMatchObject({ status: 'not_run', changed: [] });
    expect(stopped.run.report?.changes).toEqual([]);
  });

  test('a program of another repository runs when it is installed, else the hook is listed by name [HYG-43]', async () => {
    const config = JSON.stringify({
      repos: [
        {
          repo: 'https://github.com/koalaman/shellcheck-precommit',
          rev: 'v1',
          hooks: [{ id: 'shellcheck' }],
        },
        { repo: 'https://github.com/someone/unheard-of', rev: 'v1', hooks: [{ id: 'magic', name: 'Magic' }] },
        { repo: 'https://github.com/psf/black', rev: 'v1', hooks: [{ id: 'black', args: ['--check'] }] },
      ],
    });
    const repository = temporaryRepository({ [CONFIG]: config, 'a.sh': '#!/bin/sh\n', 'b.py': 'x = 1\n' });
    repository.write('node_modules/.bin/black', '#!/bin/sh\necho "black $@"; exit 3\n');
    chmodSync(join(repository.path, 'node_modules/.bin/black'), 0o755);
    const run = await runHooksIn(repository, { all: true });
    expect(run.hook('black')).toMatchObject({ status: 'failed', code: 3, output: 'black --check b.py' });
    expect(run.report?.skipped.map(({ tool, reason }) => [tool, reason])).toContainEqual([
      'magic',
      'needs_network',
    ]);
    expect(run.report?.skipped.find(({ tool }) => tool === 'magic')?.message).toContain('Magic');
    const hooks = (
      await hooksWorker.succeed<{ hooks: { id: string; runnable: boolean; reason?: string }[] }>(
        'status',
        {},
        { workspace: repository.path },
      )
    ).hooks;
    expect(hooks.find(({ id }) => id === 'magic')).toMatchObject({
      runnable: false,
      reason: expect.stringContaining('unheard-of'),
    });
    expect(hooks.find(({ id }) => id === 'black')).toMatchObject({ runnable: true });
  });

  test('wrong arguments and patterns fail or are listed, and stop nothing else', async () => {
    const { run } = await runOn(
      { 'a.txt': 'x' },
      standardHooks(
        { id: 'trailing-whitespace', args: ['--no-such-option'] },
        { id: 'check-json', files: '(' },
        'end-of-file-fixer',
      ),
    );
    expect(run.hook('trailing-whitespace')).toMatchObject({
      status: 'failed',
      output: expect.stringContaining('no-such-option'),
    });
    expect(run.hook('check-json')).toMatchObject({ status: 'skipped' });
    expect(run.report?.skipped.map(({ tool }) => tool)).toEqual(['check-json']);
    expect(run.hook('end-of-file-fixer')?.changed).toContain('a.txt');
  });
});

describe('hooks that look at the whole repository', () => {
  test('large files, clashing names, branches, destroyed links [HYG-43]', async () => {
    const repository = temporaryRepository({
      [CONFIG]: standardHooks(
        { id: 'check-added-large-files', args: ['--maxkb=1'] },
        'check-case-conflict',
        { id: 'no-commit-to-branch', args: ['--branch', 'main', '--pattern', 'wo.*'] },
        'destroyed-symlinks',
      ),
      'Folder/a.txt': '',
      'large-before.bin': 'x'.repeat(5_000),
    });
    symlinkSync('large-before.bin', join(repository.path, 'link'));
    repository.git('add', 'link');
    repository.git('commit', '--quiet', '--message', 'link');
    rmSync(join(repository.path, 'link'));
    repository.write('link', 'large-before.bin\n');
    repository.write('large.bin', 'x'.repeat(2_000));
    repository.write('folder/b.txt', 'x');
    repository.write('folder/A.txt', 'x');
    repository.git('add', '--all');
    const run = await runHooksIn(repository);
    expect(run.hook('check-added-large-files')?.output).toBe('large.bin (2 KB) exceeds 1 KB.');
    expect(run.hook('check-case-conflict')?.output.split('\n')).toEqual([
      'Case-insensitivity conflict found: Folder',
      'Case-insensitivity conflict found: Folder/a.txt',
      'Case-insensitivity conflict found: folder',
      'Case-insensitivity conflict found: folder/A.txt',
    ]);
    expect(run.hook('no-commit-to-branch')?.output).toContain('work');
    expect(run.hook('destroyed-symlinks')?.output).toContain('- link');
    repository.git('switch', '--quiet', '--detach');
    expect((await runHooksIn(repository)).hook('no-commit-to-branch')?.status).toBe('passed');
  });

  test('a file of more than 64 MiB is measured and not read', { timeout: 120_000 }, async () => {
    const repository = temporaryRepository({
      [CONFIG]: standardHooks('check-added-large-files', 'trailing-whitespace'),
    });
    execFileSync('truncate', ['--size', '70M', join(repository.path, 'huge.txt')]);
    repository.git('add', '--all');
    const run = await runHooksIn(repository);
    expect(run.hook('check-added-large-files')?.output).toBe('huge.txt (71680 KB) exceeds 500 KB.');
    expect(run.hook('trailing-whitespace')?.status).toBe('passed');
  });

  test('Python is parsed where Python is installed', async (context) => {
    context.skip(!isInstalled('python3'), 'python3 is not installed');
    const { run } = await runOn(
      {
        'good.py': 'x = 1\n',
        'bad.py': 'def (:\n',
        'debug.py': 'import pdb\nfrom ipdb import x\nbreakpoint()\n',
      },
      standardHooks('check-ast', 'debug-statements'),
    );
    expect(run.hook('check-ast')?.output).toMatch(/^bad\.py: failed parsing with CPython 3/);
    expect(
      run
        .hook('debug-statements')
        ?.output.split('\n')
        .filter((line) => line.startsWith('debug')),
    ).toEqual([
      'debug.py:1:0: pdb imported',
      'debug.py:2:0: ipdb imported',
      'debug.py:3:0: breakpoint called',
    ]);
  });

  test('meta hooks look at the configuration', async () => {
    const meta = {
      repo: 'meta',
      hooks: [{ id: 'check-hooks-apply' }, { id: 'check-useless-excludes' }, { id: 'identity' }],
    };
    const standard = JSON.parse(standardHooks('check-xml', { id: 'check-json', exclude: '^nowhere' }));
    const config = JSON.stringify({ exclude: '^gone/', repos: [...standard.repos, meta] });
    const { run } = await runOn({ 'a.json': '{}' }, config);
    expect(run.hook('check-hooks-apply')?.output).toBe('check-xml does not apply to this repository');
    expect(run.hook('check-useless-excludes')?.output.split('\n')).toEqual([
      "The global exclude pattern '^gone/' does not match any files",
      "The exclude pattern '^nowhere' for check-json does not match any files",
    ]);
    expect(run.hook('identity')?.status).toBe('passed');
  });
});

test('the configuration counts as it is staged', async () => {
  const repository = temporaryRepository({ [CONFIG]: standardHooks('check-json') });
  writeFileSync(join(repository.path, CONFIG), 'broken: [');
  const run = await runHooksIn(repository, { all: true });
  expect(run.report?.hooks.map(({ id }) => id)).toEqual(['check-json']);
});

test('patterns of Python mean the same here', () => {
  expect(pythonPattern('(?x)\n a  # one\n [ #]b \\  c').test('a #b c')).toBe(false);
  expect(pythonPattern('(?x)\n a  # one\n [ #]b\\ c').test('a#b c')).toBe(true);
  expect(pythonPattern('(?i)\\Aabc\\Z').test('ABC')).toBe(true);
  expect(pythonPattern('\\Aabc\\Z').test('abc\n')).toBe(false);
  expect(pythonPattern('(?P<q>[]"]).*(?P=q)').test('"x"')).toBe(true);
  expect(() => pythonPattern('(')).toThrow(SyntaxError);
});

test('words are split as a shell does', () => {
  expect(splitWords(`a 'b c' "d \\"e\\" $f" g\\ h i'j'"k" ''`)).toEqual([
    'a',
    'b c',
    'd "e" $f',
    'g h',
    'ijk',
    '',
  ]);
  expect(splitWords('')).toEqual([]);
});
