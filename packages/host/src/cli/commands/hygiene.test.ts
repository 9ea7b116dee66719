import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { contentOf, emptyFolder, gitIn, placeAt, repositoryWith, writeAll } from '../../../test/cli-place.ts';
import { tryCli } from '../testing.ts';

const UNTIDY = { 'a.js': 'const a = 1;   \nexport { a };\n' };
const TIDY = 'const a = 1;\nexport { a };\n';

describe('cadre hygiene', () => {
  test('[HYG-1] is the shipped workflow: one opening line, a line a step, a closing table', async () => {
    const place = placeAt(repositoryWith(UNTIDY, 'my-repo-'));
    const name = place.cwd.slice(place.cwd.lastIndexOf('/') + 1);

    const { code, stdout, stderr } = await tryCli(['hygiene', '--yes', '--steps', 'format,lint'], place);

    expect(code).toBe(0);
    const [opening, ...rest] = stdout.trimEnd().split('\n');
    expect(opening).toBe(`hygiene: ${name} on work, profile standard, apply`);
    expect(stderr.trimEnd().split('\n')).toEqual([
      'Format: started',
      'Format: succeeded',
      'Lint: started',
      'Lint: succeeded',
    ]);
    expect(rest).toContainEqual(
      expect.stringMatching(/^✓ Format +\d+(\.\d+)? ?m?s {2}1 of 1 files formatted/),
    );
    expect(rest).toContainEqual(expect.stringMatching(/^✓ Lint +\d+(\.\d+)? ?m?s {2}0 of 1 files fixed/));
    expect(rest).toContainEqual(expect.stringMatching(/^run_\w+ succeeded after .+; 1 file modified$/));
    expect(readFileSync(join(place.cwd, 'a.js'), 'utf8')).toBe(TIDY);
  });

  test('[HYG-1] the opening line tells a plan, another profile, and that there is no branch', async () => {
    const repository = repositoryWith(UNTIDY);
    gitIn(repository, 'checkout', '--quiet', '--detach');
    const opening = async (folder: string, ...args: string[]) => {
      const { stdout } = await tryCli(['hygiene', '--steps', 'format', ...args], placeAt(folder));
      return stdout.slice(0, stdout.indexOf('\n')).replace(/cadre-cli-\w+/, 'repository');
    };

    expect(await opening(repository)).toBe('hygiene: repository, profile standard, plan');
    expect(await opening(emptyFolder(), '--yes', '--profile', 'quick')).toBe(
      'hygiene: repository, profile quick, apply',
    );
    const tree = join(emptyFolder(), 'tree');
    gitIn(repository, 'worktree', 'add', '--quiet', '-b', 'feature/x', tree);
    expect(await opening(tree, '--plan')).toBe('hygiene: tree on feature/x, profile standard, plan');
  });

  test('[HYG-1] --json prints the document of the run and nothing else', async () => {
    const place = placeAt(repositoryWith(UNTIDY));

    const { stdout, stderr } = await tryCli(['hygiene', '--yes', '--steps', 'format', '--json'], place);

    expect(stderr).toBe('');
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({ run: expect.stringMatching(/^run_/), status: 'succeeded' });
    expect(document.steps.find(({ step }: { step: string }) => step === 'format')).toMatchObject({
      status: 'succeeded',
      durationMs: expect.any(Number),
      output: { changedFiles: ['a.js'] },
    });
    expect(document.effects).toMatchObject([{ step: 'format', effects: [{ kind: 'file', path: 'a.js' }] }]);
  });

  test('[HYG-1] the general verbs apply to it', async () => {
    const place = placeAt(repositoryWith(UNTIDY));
    const ran = await tryCli(['hygiene', '--yes', '--steps', 'format', '--json'], place);
    const { run } = JSON.parse(ran.stdout);

    expect((await tryCli(['runs', 'hygiene'], place)).stdout).toContain(run);
    expect((await tryCli(['show', run], place)).stdout).toContain('Format');
    expect(await tryCli(['logs', run], place)).toMatchObject({ code: 0 });
    expect(await tryCli(['check', 'hygiene'], place)).toMatchObject({ code: 0 });
    expect(await tryCli(['rerun', run, '--from', 'format'], place)).toMatchObject({ code: 0 });
    expect((await tryCli(['hygiene', 'steps'], place)).stdout).toMatch(/format +step2 .*code\/format/);
    expect((await tryCli(['hygiene', 'profiles'], place)).stdout).toContain('nightly');
  });

  test('[HYG-1] completion knows its verbs, its options, steps and profiles', async () => {
    const files = { 'cadre.yaml': 'hygiene:\n  profiles:\n    quietly: { extends: quick }\n' };
    const place = placeAt(repositoryWith(files));
    const candidates = async (...words: string[]) =>
      (await tryCli(['__complete', ...words], place)).stdout.trimEnd().split('\n');

    expect(await candidates('hygiene', '')).toEqual(expect.arrayContaining(['steps', 'profiles', 'undo']));
    expect(await candidates('hygiene', '--keep')).toEqual(['--keep-backups', '--keep-dumps']);
    expect(await candidates('hygiene', '--steps', 'li')).toEqual(['lint']);
    expect(await candidates('run', 'hygiene', '--skip', 'format,de')).toEqual(['format,delete-dumps']);
    expect(await candidates('plan', 'hygiene', '--from', 'au')).toEqual(['audit']);
    expect(await candidates('hygiene', '--profile', 'qui')).toEqual(['quick', 'quietly']);
  });

  test.each([
    ['hygiene', '--plan', '--yes'],
    ['hygiene', '--yes', '--dry-run'],
    ['plan', 'hygiene', '--yes'],
    ['hygiene', '--yes', '--plan', '--json'],
  ])('[HYG-2] %s %s %s never applies', async (...args) => {
    const place = placeAt(repositoryWith({ ...UNTIDY, 'x.py': 'a = 1  \n' }));
    writeAll(place.cwd, { '__pycache__/x.pyc': 'cache', 'new.js': 'let b  \n' });
    const before = { files: contentOf(place.cwd), head: gitIn(place.cwd, 'rev-parse', 'HEAD') };

    const { code, stdout } = await tryCli(args, place);

    expect(code).toBe(0);
    expect(stdout).toContain('-const a = 1;   ');
    expect({ files: contentOf(place.cwd), head: gitIn(place.cwd, 'rev-parse', 'HEAD') }).toEqual(before);
    expect(gitIn(place.cwd, 'status', '--porcelain')).toBe('?? __pycache__/\n?? new.js');
  });
});
