import { chmodSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  contentOf,
  emptyFolder,
  gitIn,
  nameCommitter,
  placeAt,
  repositoryWith,
  writeAll,
} from '../../test/cli-place.ts';
import { tryCli } from './testing.ts';

const UNTIDY = 'const a = 1;   \nexport { a };\n';
const TIDY = 'const a = 1;\nexport { a };\n';

interface Row {
  readonly step: string;
  readonly status: string;
  readonly reason?: string;
  readonly output?: {
    readonly changedFiles?: readonly string[];
    readonly skipped?: readonly { readonly tool: string; readonly reason: string; readonly hint?: string }[];
  };
  readonly failure?: { readonly code: string; readonly message: string };
}

/** A run of hygiene from the command line, and its steps by id. */
async function hygiene(folder: string, ...args: string[]) {
  const { code, stdout } = await tryCli(['hygiene', '--yes', '--json', ...args], placeAt(folder));
  const { steps = [], status, error } = JSON.parse(stdout);
  const rows = new Map((steps as Row[]).map((row) => [row.step, row]));
  return { code, status, error, step: (id: string) => rows.get(id) };
}

const read = (folder: string, path: string) => readFileSync(join(folder, path), 'utf8');

describe('[HYG-36] hygiene in a repository', () => {
  test('that is empty has nothing to do, and nothing fails', async () => {
    const folder = emptyFolder();
    gitIn(folder, 'init', '--quiet', '--initial-branch=work');
    const { code, step } = await hygiene(folder);
    expect(code).toBe(0);
    expect(step('format')).toMatchObject({ status: 'skipped', reason: 'nothing_to_do' });
    expect(step('commit')).toMatchObject({ status: 'skipped', reason: 'unborn_branch' });
    expect(contentOf(folder)).toEqual({});
  });

  test('that is dirty commits only what it changed itself', async () => {
    const folder = repositoryWith({ 'a.js': UNTIDY, 'mine.js': TIDY });
    writeAll(folder, { 'mine.js': `${TIDY}const edited = 1;\n`, 'new.txt': 'new\n' });
    gitIn(folder, 'add', 'new.txt');
    const { code, step } = await hygiene(folder);
    expect(code).toBe(0);
    expect(step('commit')).toMatchObject({ status: 'succeeded' });
    expect(gitIn(folder, 'show', '--name-only', '--format=', 'HEAD')).toBe('a.js');
    expect(gitIn(folder, 'status', '--porcelain')).toBe(' M mine.js\nA  new.txt');
  });

  test('with a detached head is put right and not committed', async () => {
    const folder = repositoryWith({ 'a.js': UNTIDY });
    gitIn(folder, 'checkout', '--quiet', '--detach');
    const head = gitIn(folder, 'rev-parse', 'HEAD');
    const { code, step } = await hygiene(folder, '--steps', 'format,commit');
    expect(code).toBe(0);
    expect(step('commit')).toMatchObject({ status: 'skipped', reason: 'detached_head' });
    expect(gitIn(folder, 'rev-parse', 'HEAD')).toBe(head);
    expect(read(folder, 'a.js')).toBe(TIDY);
  });

  test('with a submodule leaves the files of the submodule alone', async () => {
    const library = repositoryWith({ 's.js': UNTIDY });
    const folder = repositoryWith({ 'a.js': UNTIDY });
    gitIn(folder, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', library, 'lib');
    gitIn(folder, 'commit', '--quiet', '--message', 'submodule');
    const { code } = await hygiene(folder);
    expect(code).toBe(0);
    expect(read(folder, 'lib/s.js')).toBe(UNTIDY);
    expect(gitIn(folder, 'show', '--name-only', '--format=', 'HEAD')).toBe('a.js');
    nameCommitter(join(folder, 'lib'));
    expect((await hygiene(join(folder, 'lib'), '--steps', 'format')).code).toBe(0);
    expect(read(folder, 'lib/s.js')).toBe(TIDY);
  });

  test('that is bare is refused, since every file in it is git’s own', async () => {
    const folder = emptyFolder();
    gitIn(folder, 'init', '--quiet', '--bare');
    writeAll(folder, { 'hooks/update': '#!/bin/sh\nexit 0   \n' });
    const before = contentOf(folder);
    const { code, error } = await hygiene(folder);
    expect(code).toBe(2);
    expect(error).toMatchObject({
      message: expect.stringContaining('bare'),
      hint: expect.stringContaining('clone'),
    });
    expect(contentOf(folder)).toEqual(before);
  });

  test('that is none is put right, and the commit says why there is none', async () => {
    const folder = emptyFolder();
    writeAll(folder, { 'a.js': UNTIDY });
    const { code, step } = await hygiene(folder);
    expect(code).toBe(0);
    expect(step('commit')).toMatchObject({ status: 'skipped', reason: 'not_a_repository' });
    expect(contentOf(folder)).toEqual({ 'a.js': TIDY });
  });

  test('with names of any script, blanks, quotes and line ends works like any other', async () => {
    const names = ['a b.js', 'ü/日本.js', '-rf.js', "it's “odd”.js", 'tab\there.js', 'line\nend.js', '*.js'];
    const folder = repositoryWith(Object.fromEntries(names.map((name) => [name, UNTIDY])), 'cadre ü “x” ');
    const { code, step } = await hygiene(folder, '--steps', 'format,lint,commit');
    expect(code).toBe(0);
    expect(step('format')?.output?.changedFiles?.toSorted()).toEqual(names.toSorted());
    for (const name of names) expect(read(folder, name)).toBe(TIDY);
    expect(gitIn(folder, 'status', '--porcelain')).toBe('');
  });

  test('with read-only files leaves them as they are, and says so', async () => {
    const folder = repositoryWith({ 'a.js': UNTIDY, 'b.js': UNTIDY });
    chmodSync(join(folder, 'a.js'), 0o444);
    const { code, step } = await hygiene(folder, '--steps', 'format');
    expect(code).toBe(0);
    expect(step('format')?.output).toMatchObject({
      changedFiles: ['b.js'],
      skipped: [{ reason: 'read_only', message: expect.stringContaining('a.js') }],
    });
    expect(read(folder, 'a.js')).toBe(UNTIDY);
    expect(statSync(join(folder, 'a.js')).mode & 0o777).toBe(0o444);
  });

  test('of ten thousand files finds the ones to put right and commits those', {
    timeout: 240_000,
  }, async () => {
    const files = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, index) => [
        `d${index % 100}/f${index}.js`,
        index < 3 ? UNTIDY : TIDY,
      ]),
    );
    const folder = repositoryWith(files);
    const { code, step } = await hygiene(folder, '--steps', 'format,lint,clean,commit');
    expect(code).toBe(0);
    expect(step('format')?.output?.changedFiles).toEqual(['d0/f0.js', 'd1/f1.js', 'd2/f2.js']);
    expect(gitIn(folder, 'show', '--name-only', '--format=', 'HEAD').split('\n')).toHaveLength(3);
    expect(gitIn(folder, 'status', '--porcelain')).toBe('');
  });
});

describe('[HYG-36] a tool that the repository has chosen', () => {
  const PRETTIER = { '.prettierrc': '{}\n', '.gitignore': 'node_modules\n', 'a.js': 'const a = 1\n' };

  /** A program of the repository, as npm would install it. */
  const withTool = (script: string) => {
    const folder = repositoryWith(PRETTIER);
    writeAll(folder, { 'node_modules/.bin/prettier': `#!/bin/sh\n${script}\n` });
    chmodSync(join(folder, 'node_modules/.bin/prettier'), 0o755);
    return folder;
  };

  test('is run when it is there', async () => {
    // The last argument is the file; a semicolon is what it adds.
    const folder = withTool('for file; do :; done\n[ "$1" = --version ] || sed -i "s/1$/1;/" "$file"');
    const { code, step } = await hygiene(folder, '--steps', 'format');
    expect(code).toBe(0);
    expect(step('format')?.output).toMatchObject({ changedFiles: ['a.js'], skipped: [] });
    expect(read(folder, 'a.js')).toBe('const a = 1;\n');
  });

  test('is a visible skip with the way to install it when it is not', async () => {
    const folder = repositoryWith(PRETTIER);
    const { code, step } = await hygiene(folder, '--steps', 'format');
    expect(code).toBe(0);
    expect(step('format')?.output?.skipped).toMatchObject([
      { tool: 'prettier', reason: 'tool_missing', hint: expect.stringContaining('prettier') },
    ]);
  });

  test('fails the step with its last lines when it fails, and the file stays as it was', async () => {
    const folder = withTool('echo "prettier: out of order" >&2; exit 70');
    const { code, step } = await hygiene(folder, '--steps', 'format');
    expect(code).toBe(1);
    expect(step('format')).toMatchObject({
      status: 'failed',
      failure: { message: expect.stringContaining('prettier') },
    });
    expect(JSON.stringify(step('format'))).toContain('out of order');
    expect(read(folder, 'a.js')).toBe('const a = 1\n');
  });
});
