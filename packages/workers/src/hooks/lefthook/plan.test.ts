import { chmodSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryRepository } from '../../testing/temporary-repository.ts';
import { runHooksIn, stagedContent } from '../testing.ts';
import { lefthookGlob } from './glob.ts';

async function runOn(config: object | string, files: Record<string, string> = {}, input: object = {}) {
  const text = typeof config === 'string' ? config : JSON.stringify(config);
  const repository = temporaryRepository({ 'lefthook.yml': text });
  for (const [path, content] of Object.entries(files)) repository.write(path, content);
  repository.git('add', '--all');
  return { repository, run: await runHooksIn(repository, input) };
}

const preCommit = (settings: object) => ({ 'pre-commit': settings });

describe('lefthook', () => {
  test('commands get the staged files that match, quoted, with their variables [HYG-43]', async () => {
    const config = `
pre-commit:
  commands:
    list:
      glob: "*.{js,ts}"
      exclude: [ "vendor/*" ]
      env: { GREETING: "hello you" }
      run: printf '%s|' "$GREETING" {staged_files}
    all:
      run: printf '%s|' {all_files}
    named:
      files: printf 'x y.js\\ngone.txt\\n'
      run: printf '%s|' {files}
    rooted:
      root: "sub/"
      glob: "*.js"
      run: printf '%s|' "$(basename $PWD)" {staged_files}
    no-match:
      glob: "*.rb"
      run: "false"
`;
    const { run } = await runOn(config, {
      "x y'z.js": '',
      'sub/d.ts': '',
      'sub/e.js': '',
      'vendor/v.js': '',
      'n.txt': '',
    });
    expect(run.code).toBeUndefined();
    expect(run.hook('list')).toMatchObject({ files: 3, status: 'passed' });
    expect(run.hook('list')?.output).toBe("hello you|sub/d.ts|sub/e.js|x y'z.js|");
    expect(run.hook('all')?.output).toContain('lefthook.yml|');
    expect(run.hook('named')?.output).toBe('x y.js|gone.txt|');
    expect(run.hook('rooted')?.output).toBe('sub|e.js|');
    expect(run.hook('no-match')).toMatchObject({ status: 'skipped' });
  });

  test('what a command changes is staged only where it says so', async () => {
    const { repository, run } = await runOn(
      preCommit({
        commands: {
          fix: { glob: 'a.txt', run: 'echo fixed > {staged_files}', stage_fixed: true },
          leave: { glob: 'b.txt', run: 'echo fixed > {staged_files}' },
        },
      }),
      { 'a.txt': 'a\n', 'b.txt': 'b\n' },
    );
    expect(run.code).toBeUndefined();
    expect(stagedContent(repository, 'a.txt')).toBe('fixed\n');
    expect(stagedContent(repository, 'b.txt')).toBe('b\n');
    expect(readFileSync(join(repository.path, 'b.txt'), 'utf8')).toBe('fixed\n');
    expect(repository.git('status', '--porcelain').split('\n')).toEqual(['A  a.txt', 'AM b.txt']);
  });

  test('commands run by priority and name; piped ones stop at the first failure, with its text', async () => {
    const { run } = await runOn(
      preCommit({
        piped: true,
        commands: {
          '10_last': { run: 'true' },
          '2_fails': { run: 'false', fail_text: 'look at the manual' },
          first: { run: 'true', priority: 1 },
        },
      }),
      { 'a.txt': '' },
    );
    expect(run.report?.hooks.map(({ id, status }) => [id, status])).toEqual([
      ['first', 'passed'],
      ['2_fails', 'failed'],
      ['10_last', 'not_run'],
    ]);
    expect(run.hook('2_fails')?.output).toBe('look at the manual');
  });

  test('parallel commands run at the same time', async () => {
    // Each waits for what the other writes: one after the other they would never end.
    const wait = (own: string, other: string) =>
      `touch ${own}; for i in $(seq 600); do test -e ${other} && exit 0; sleep 0.05; done; exit 1`;
    const { run } = await runOn(
      preCommit({ parallel: true, commands: { one: { run: wait('1', '2') }, two: { run: wait('2', '1') } } }),
      { 'a.txt': '' },
    );
    expect(run.report?.hooks.map(({ status }) => status)).toEqual(['passed', 'passed']);
  });

  test('jobs, groups, scripts and runners', async () => {
    const script = 'echo "script $LEVEL"\n';
    const { run } = await runOn(
      preCommit({
        jobs: [
          { name: 'job', run: 'echo job {lefthook_job_name}' },
          {
            group: {
              piped: true,
              jobs: [
                { name: 'inner', run: 'false' },
                { name: 'after', run: 'true' },
              ],
            },
          },
          { name: 'outer', run: 'true' },
        ],
        scripts: { 'check.sh': { runner: 'sh', env: { LEVEL: 3 } }, 'gone.sh': {} },
      }),
      { '.lefthook/pre-commit/check.sh': script },
    );
    expect(run.hook('job')?.output).toBe('job job');
    expect(run.report?.hooks.map(({ id, status }) => [id, status])).toEqual([
      ['job', 'passed'],
      ['inner', 'failed'],
      ['after', 'not_run'],
      ['outer', 'passed'],
      ['check.sh', 'passed'],
      ['gone.sh', 'skipped'],
    ]);
    expect(run.hook('check.sh')?.output).toBe('script 3');
    expect(run.report?.skipped.map(({ tool }) => tool)).toEqual(['gone.sh']);
  });

  test('skip and only: by flag, branch, state, command and tag', async () => {
    const { run } = await runOn(
      preCommit({
        exclude_tags: ['slow'],
        commands: {
          flag: { run: 'true', skip: true },
          branch: { run: 'true', skip: [{ ref: 'wo*' }] },
          other: { run: 'true', skip: [{ ref: 'main' }, 'merge', 'rebase'] },
          met: { run: 'true', skip: { run: 'true' } },
          unmet: { run: 'true', skip: { run: 'false' } },
          only: { run: 'true', only: [{ ref: 'main' }] },
          tagged: { run: 'true', tags: 'slow front' },
        },
      }),
      { 'a.txt': '' },
      { skip: [] },
    );
    const ran = run.report?.hooks.filter(({ status }) => status === 'passed').map(({ id }) => id);
    expect(ran).toEqual(['other', 'unmet']);
  });

  test('local and extended configurations lie over the main one; remote ones are listed', async () => {
    const repository = temporaryRepository({
      'lefthook.yml': JSON.stringify({
        extends: ['more/shared.yml'],
        remotes: [{ git_url: 'https://git.example.org/hooks' }],
        ...preCommit({ commands: { a: { run: 'echo main' }, b: { run: 'false' } } }),
      }),
      'more/shared.yml': JSON.stringify(preCommit({ commands: { c: { run: 'echo extended' } } })),
      '.gitignore': 'lefthook-local.yml\n',
    });
    writeFileSync(
      join(repository.path, 'lefthook-local.yml'),
      JSON.stringify(preCommit({ commands: { b: { skip: true } } })),
    );
    repository.write('x.txt', '');
    repository.git('add', '--all');
    const run = await runHooksIn(repository);
    expect(run.hook('a')?.output).toBe('main');
    expect(run.hook('b')?.status).toBe('skipped');
    expect(run.hook('c')?.output).toBe('extended');
    expect(run.report?.skipped).toMatchObject([
      { tool: 'https://git.example.org/hooks', reason: 'needs_network' },
    ]);
  });

  test('files can be chosen by type, and by a pattern', async () => {
    const repository = temporaryRepository({
      'lefthook.yml': JSON.stringify(
        preCommit({
          commands: {
            types: { file_types: ['text', 'executable'], run: 'printf "%s|" {staged_files}' },
            pattern: { exclude: '^(lefthook|tool|bytes|link)', run: 'printf "%s|" {staged_files}' },
            binary: { file_types: ['binary'], run: 'printf "%s|" {staged_files}' },
            link: { file_types: ['symlink'], run: 'printf "%s|" {staged_files}' },
            rest: {
              file_types: ['not executable', 'not symlink'],
              exclude: ['*.yml'],
              run: 'printf "%s|" {staged_files}',
            },
          },
        }),
      ),
    });
    repository.write('tool', '#!/bin/sh\n');
    repository.write('plain.txt', '');
    repository.write('bytes', new Uint8Array([0, 1, 2, 255]));
    symlinkSync('plain.txt', join(repository.path, 'link'));
    chmodSync(join(repository.path, 'tool'), 0o755);
    repository.git('add', '--all');
    const run = await runHooksIn(repository);
    expect(run.hook('types')?.output).toBe('tool|');
    expect(run.hook('pattern')?.output).toBe('plain.txt|');
    expect(run.hook('binary')?.output).toBe('bytes|');
    expect(run.hook('link')?.output).toBe('link|');
    expect(run.hook('rest')?.output).toBe('bytes|plain.txt|');
  });

  test.each([
    'pre-commit: [',
    '[]',
    'pre-commit: { commands: { a: 1 } }',
  ])('a configuration that is not understood is named: %j', async (text) => {
    const { run } = await runOn(text, { a: '' });
    expect(run).toMatchObject({ code: 'invalid_config', message: expect.stringContaining('lefthook.yml') });
  });

  test('other stages are other hooks', async () => {
    const { run } = await runOn(
      { 'pre-push': { commands: { push: { run: 'true' } } } },
      { a: '' },
      { stage: 'pre-push' },
    );
    expect(run.report?.hooks.map(({ id }) => id)).toEqual(['push']);
  });
});

test('globs: a star crosses folders unless another matcher is asked for', () => {
  const fits = (glob: string, path: string, matcher = 'gobwas') => lefthookGlob(glob, matcher)(path);
  expect(fits('*.js', 'a/b.js')).toBe(true);
  expect(fits('*.js', 'a/b.js', 'doublestar')).toBe(false);
  expect(fits('**/*.js', 'b.js')).toBe(false);
  expect(fits('**/*.js', 'b.js', 'doublestar')).toBe(true);
  expect(fits('*.{js,ts}', 'b.ts')).toBe(true);
  expect(fits('a.js', 'abjs')).toBe(false);
  expect(fits('[!a]?.x', 'bc.x')).toBe(true);
  expect(fits('[!a]?.x', 'ac.x')).toBe(false);
  expect(fits('a+(b)', 'a+(b)')).toBe(true);
});
