import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { contentOf, emptyFolder, gitIn, placeAt, repositoryWith, writeAll } from '../../test/cli-place.ts';
import { tryCli } from './testing.ts';

const UNTIDY = { 'a.js': 'const a = 1;   \nexport { a };\n' };
const TIDY = 'const a = 1;\nexport { a };\n';

const workflow = (steps: string) => `apiVersion: cadre/v1
kind: Workflow
metadata: { name: sample }
spec:
  permissions: ["fs:read:.", "fs:write:.", "shell:*"]
  steps:
${steps}
`;

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

    expect(await candidates('hygiene', '')).toEqual(expect.arrayContaining(['steps', 'profiles']));
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

describe('[HYG-9] the exit code', () => {
  test('is 0 for a run that succeeded and for a plan that was shown', async () => {
    const place = placeAt(repositoryWith(UNTIDY));
    expect(await tryCli(['hygiene', '--steps', 'format'], place)).toMatchObject({ code: 0 });
    expect(await tryCli(['hygiene', '--steps', 'format', '--yes'], place)).toMatchObject({ code: 0 });
  });

  test('is 1 when a step failed, a backup by its code', async () => {
    const place = placeAt(repositoryWith({ ...UNTIDY, 'run.js': 'eval(process.argv[2]);\n' }));
    const args = ['hygiene', '--steps', 'scan,commit', '--threshold', 'info', '--yes'];
    expect(await tryCli(args, place)).toMatchObject({ code: 1, stdout: expect.stringContaining('held') });
    const home = join(emptyFolder(), 'home');
    const env = { CADRE_HOME: home };
    // Where the folder of backups should be stands a file.
    await tryCli(['runs'], { cwd: place.cwd, env });
    const [workspace = ''] = readdirSync(join(home, 'workspaces')).map((id) => join(home, 'workspaces', id));
    writeAll(workspace, { 'workers/backup': '' });
    const failed = await tryCli(['hygiene', '--steps', 'backup', '--yes', '--json'], { cwd: place.cwd, env });
    expect(failed.code).toBe(1);
  });

  test('is 2 for wrong usage, an unknown step and a configuration that is wrong', async () => {
    const place = placeAt(repositoryWith(UNTIDY));
    expect(await tryCli(['hygiene', '--coverage', 'much'], place)).toMatchObject({ code: 2 });
    expect(await tryCli(['hygiene', '--steps', 'fromat'], place)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('format'),
    });
    writeAll(place.cwd, { 'cadre.yaml': 'hygiene: { coverage: much }\n' });
    expect(await tryCli(['hygiene'], place)).toMatchObject({ code: 2 });
  });

  test('is 3 while somebody else holds the workspace', async () => {
    const place = placeAt(
      repositoryWith({
        'f.yaml': workflow('    - { id: f, run: "touch begun; while [ ! -e go ]; do sleep 0.05; done" }'),
      }),
    );
    const first = tryCli(['run', './f.yaml', '--yes'], place);
    await expect.poll(() => existsSync(join(place.cwd, 'begun')), { timeout: 20_000 }).toBe(true);
    expect(await tryCli(['run', './f.yaml', '--yes'], place)).toMatchObject({ code: 3 });
    writeAll(place.cwd, { go: '' });
    expect(await first).toMatchObject({ code: 0 });
  });

  test('is 4 when policy refuses', async () => {
    const place = placeAt(
      repositoryWith({
        'cadre.yaml': 'policy: { deny: ["fs:write:."] }\n',
        'f.yaml': workflow('    - { id: f, uses: files/write, with: { path: locked/a, content: "" } }'),
      }),
    );
    const ran = await tryCli(['run', './f.yaml', '--yes'], place);
    expect(ran).toMatchObject({ code: 4 });
    expect(existsSync(join(place.cwd, 'locked'))).toBe(false);
  });

  test('is 5 when a needed program is missing', async () => {
    const { cwd, env } = placeAt(repositoryWith({ 'f.yaml': workflow('    - { id: s, uses: git/status }') }));
    const ran = await tryCli(['run', './f.yaml', '--yes'], { cwd, env: { ...env, PATH: '/nowhere' } });
    expect(ran).toMatchObject({ code: 5, stdout: expect.stringContaining('git') });
  });

  test('is 124 when the time limit is over, and 0 stands for no limit', async () => {
    const place = placeAt(
      repositoryWith({
        'long.yaml': workflow('    - { id: f, run: sleep 60 }'),
        'short.yaml': workflow('    - { id: f, run: sleep 0.1 }'),
      }),
    );
    expect(await tryCli(['run', './long.yaml', '--yes', '--timeout', '1'], place)).toMatchObject({
      code: 124,
    });
    expect(await tryCli(['run', './short.yaml', '--yes', '--timeout', '0'], place)).toMatchObject({
      code: 0,
    });
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('is 128 and its number when %s ended the program', async (signal, expected) => {
    const place = placeAt(
      repositoryWith({ 'f.yaml': workflow('    - { id: f, run: "touch begun; exec sleep 60" }') }),
    );
    const program = start(['run', './f.yaml', '--yes'], place);
    await expect.poll(() => existsSync(join(place.cwd, 'begun')), { timeout: 20_000 }).toBe(true);
    program.kill(signal);
    const [code] = (await once(program, 'exit')) as [number | null];
    expect(code).toBe(expected);
  });
});

describe('[HYG-10] the limit of the whole run', () => {
  test('ends the process tree of the step, deaf parts of it too, and skips what comes later', async () => {
    const seconds = 31_000 + (process.pid % 1_000);
    const deaf = `trap "" TERM INT HUP; touch begun; (trap "" TERM INT HUP; sleep ${seconds}) & sleep ${seconds}; wait`;
    const steps = `    - { id: deaf, run: ${JSON.stringify(deaf)} }\n    - { id: after, run: touch reached }`;
    const place = placeAt(repositoryWith({ 'f.yaml': workflow(steps) }));
    const startedAt = performance.now();

    const ran = await tryCli(['run', './f.yaml', '--yes', '--json', '--timeout', '2'], place);

    expect(performance.now() - startedAt).toBeLessThan(20_000);
    expect(ran.code).toBe(124);
    expect(JSON.parse(ran.stdout).steps).toMatchObject([
      { step: 'deaf', status: 'timed_out' },
      { step: 'after', status: 'skipped' },
    ]);
    expect(existsSync(join(place.cwd, 'begun'))).toBe(true);
    expect(existsSync(join(place.cwd, 'reached'))).toBe(false);
    await expect.poll(() => isRunning(`sleep\0${seconds}`), { timeout: 10_000 }).toBe(false);
  });
});

/** The shipped program in a process of its own. */
function start(args: readonly string[], { cwd, env }: ReturnType<typeof placeAt>): ChildProcess {
  const main = join(import.meta.dirname, '../../dist/main.js');
  const child = spawn(process.execPath, [main, ...args], {
    cwd,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
    stdio: 'ignore',
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

function isRunning(commandLine: string): boolean {
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return processes.some((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(commandLine);
    } catch {
      return false;
    }
  });
}
