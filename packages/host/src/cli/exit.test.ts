import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { emptyFolder, placeAt, repositoryWith, writeAll } from '../../test/cli-place.ts';
import { tryCli } from './testing.ts';

const UNTIDY = { 'a.js': 'const a = 1;   \nexport { a };\n' };

const workflow = (steps: string) => `apiVersion: cadre/v1
kind: Workflow
metadata: { name: sample }
spec:
  permissions: ["fs:read:.", "fs:write:.", "shell:*"]
  steps:
${steps}
`;

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
    expect(await tryCli(['hygiene', '--profile', 'qick'], place)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--profile quick'),
    });
    writeAll(place.cwd, { 'cadre.yaml': 'hygiene: { coverage: much }\n' });
    expect(await tryCli(['hygiene'], place)).toMatchObject({ code: 2 });
    writeAll(place.cwd, {
      'cadre.yaml': 'hygiene: { profiles: { a: { extends: b }, b: { extends: a } } }\n',
    });
    expect(await tryCli(['hygiene', '--profile', 'a'], place)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('a → b → a'),
    });
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
