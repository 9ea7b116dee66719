import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { tryCli } from './testing.ts';
import { VERSION } from './version.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function temporaryFolder(name = 'cadre-cli-'): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), name)));
  folders.push(folder);
  return folder;
}

interface Files {
  readonly [path: string]: string;
}

function repository(files: Files, name?: string): string {
  const folder = temporaryFolder(name);
  const git = (...args: string[]) => execFileSync('git', args, { cwd: folder, stdio: 'pipe' });
  git('init', '--initial-branch=work');
  git('config', 'user.name', 'Test');
  git('config', 'user.email', 'test@example.org');
  write(folder, files);
  git('add', '-A');
  git('commit', '--allow-empty', '-m', 'start');
  return folder;
}

function write(folder: string, files: Files): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

const at = (cwd: string, home = temporaryFolder()) => ({ cwd, env: { CADRE_HOME: home } });

const workflow = (steps: string, more = '') => `apiVersion: cadre/v1
kind: Workflow
metadata: { name: sample }
spec:
  permissions: ["fs:read:.", "fs:write:.", "shell:*"]
${more}
  steps:
${steps}
`;

describe('the command line', () => {
  test('prints the version of the package', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(VERSION).toBe(version);
    expect(await tryCli(['--version'], at(tmpdir()))).toMatchObject({ code: 0, stdout: `${version}\n` });
  });

  test('without arguments and without a terminal gives the help', async () => {
    const { code, stdout } = await tryCli([], at(tmpdir()));
    expect(code).toBe(0);
    expect(stdout).toContain('cadre run hygiene');
  });

  test('an unknown command is exit 2 with the nearest one', async () => {
    const { code, stderr } = await tryCli(['rnu'], at(tmpdir()));
    expect(code).toBe(2);
    expect(stderr).toContain('run');
  });

  test('an unknown workflow names the nearest one', async () => {
    const { code, stderr } = await tryCli(['run', 'hygeine'], at(repository({})));
    expect(code).toBe(2);
    expect(stderr).toContain('cadre run hygiene');
  });

  test('a folder that is not there is one clear message', async () => {
    const { code, stderr } = await tryCli(['run', 'hygiene', '--path', '/no/such/folder'], at(tmpdir()));
    expect(code).toBe(2);
    expect(stderr).toContain('/no/such/folder');
  });

  test('the help of a run has an option for each input of the workflow', async () => {
    const { code, stdout } = await tryCli(['run', 'hygiene', '--help'], at(repository({})));
    expect(code).toBe(0);
    for (const flag of ['--coverage', '--steps', '--audit', '--keep-backups']) expect(stdout).toContain(flag);
  });

  test('an unknown option of a run is exit 2 with a suggestion', async () => {
    const { code, stderr } = await tryCli(['run', 'hygiene', '--coverge', '80'], at(repository({})));
    expect(code).toBe(2);
    expect(stderr).toContain('--coverage');
  });

  test('an input of the wrong type is refused before anything runs', async () => {
    const options = at(repository({}));
    const { code, stderr } = await tryCli(['run', 'hygiene', '--coverage', 'much', '--yes'], options);
    expect(code).toBe(2);
    expect(stderr).toContain('coverage');
    expect((await tryCli(['runs'], options)).stdout).toContain('No runs yet');
  });
});

describe('cadre config', () => {
  test('every input of the hygiene workflow can be settled in the section hygiene [HYG-33]', async () => {
    const options = at(repository({}));
    const { stdout } = await tryCli(['config', 'list', '--json'], options);
    const known = Object.keys(JSON.parse(stdout).hygiene);
    expect(known).toEqual(expect.arrayContaining(['profile', 'profiles']));
    const keys = (await tryCli(['config', 'list'], options)).stdout;
    const text = readFileSync(new URL('../../workflows/hygiene.yaml', import.meta.url), 'utf8');
    const inputs = [...text.slice(0, text.indexOf('  permissions:')).matchAll(/^ {4}(\w+):/gm)].map(
      (match) => match[1],
    );
    for (const input of inputs.filter((name) => !['path', 'paths', 'changed'].includes(name ?? ''))) {
      expect(keys).toContain(`hygiene.${input} `);
    }
  });

  test.each([
    ['run', 'hygiene', '--plan'],
    ['config', 'check'],
    ['worker', 'list'],
    ['resume'],
    ['hygiene', 'doctor'],
  ])('an unknown key is refused with its place and the nearest one, by whatever works with settings: %s %s [HYG-33]', async (...command) => {
    const folder = repository({ 'cadre.yaml': 'hygiene:\n  coverge: 80\n' });
    const { code, stderr } = await tryCli(command, at(folder));
    expect(code).toBe(2);
    expect(stderr).toMatch(/cadre\.yaml:2.*coverage/s);
  });

  test('what happened can be looked at whatever is wrong with the settings', async () => {
    const folder = repository({ 'hello.yaml': workflow(`    - { id: hello, run: echo hello }`) });
    const options = at(folder);
    await tryCli(['run', './hello.yaml', '--yes'], options);
    write(folder, { 'cadre.yaml': 'hygiene: { coverge: 80 }\n' });
    for (const command of [['runs'], ['show'], ['logs'], ['lock', 'show'], ['grant', 'list']]) {
      expect(await tryCli(command, options), command.join(' ')).toMatchObject({ code: 0 });
    }
  });

  test('settings that may name another store are read by those commands too', async () => {
    const folder = repository({ 'cadre.yaml': 'store: { ulr: secret:DATABASE }\n' });
    const { code, stderr } = await tryCli(['runs'], at(folder));
    expect(code).toBe(2);
    expect(stderr).toContain('store');
  });

  test('variables beat files, options beat variables, and explain says who won [HYG-33]', async () => {
    const folder = repository({ 'cadre.yaml': 'hygiene: { keep-backups: 3 }\n' });
    const { cwd, env } = at(folder);
    const options = { cwd, env: { ...env, CADRE_HYGIENE__KEEP_BACKUPS: '7' } };
    expect((await tryCli(['config', 'get', 'hygiene.keepBackups'], { cwd, env })).stdout).toBe('3\n');
    expect((await tryCli(['config', 'get', 'hygiene.keepBackups'], options)).stdout).toBe('7\n');
    const { stdout } = await tryCli(['config', 'explain', 'hygiene.keep_backups'], options);
    expect(stdout).toMatch(/→ CADRE_HYGIENE__KEEP_BACKUPS: 7/);
  });

  test('set keeps comments and checks the value first', async () => {
    const folder = repository({ 'cadre.yaml': '# ours\nhygiene:\n  coverage: 80 # percent\n' });
    const options = at(folder);
    expect(await tryCli(['config', 'set', 'hygiene.coverage', '70'], options)).toMatchObject({ code: 0 });
    expect(readFileSync(join(folder, 'cadre.yaml'), 'utf8')).toBe(
      '# ours\nhygiene:\n  coverage: 70 # percent\n',
    );
    expect(await tryCli(['config', 'set', 'hygiene.coverage', '170'], options)).toMatchObject({ code: 2 });
    expect(readFileSync(join(folder, 'cadre.yaml'), 'utf8')).toContain('coverage: 70');
  });
});

describe('cadre check', () => {
  test('finds every problem with line, column and a suggestion', async () => {
    const folder = repository({
      'bad.yaml': workflow(
        `    - { id: a, uses: git/comit }\n    - { id: b, run: "echo \${{ steps.c.output }}" }`,
      ),
    });
    const { code, stdout } = await tryCli(['check', 'bad.yaml'], at(folder));
    expect(code).toBe(2);
    expect(stdout).toMatch(/bad\.yaml:\d+:\d+ .*git\/comit.*git\/commit/);
    expect(stdout).toMatch(/bad\.yaml:\d+:\d+ .*\bc\b/);
  });

  test('a shipped workflow has none', async () => {
    expect(await tryCli(['check', 'hygiene', 'pre-commit'], at(repository({})))).toMatchObject({ code: 0 });
  });

  test('a step that is not built yet is named, and the run is refused', async () => {
    const folder = repository({ 'later.yaml': workflow(`    - { id: nap, plan: make it good }`) });
    const { code, stderr } = await tryCli(['run', './later.yaml', '--yes'], at(folder));
    expect(code).toBe(2);
    expect(stderr).toMatch(/not built yet/);
    expect(stderr).toContain('nap');
  });
});

describe('cadre run', () => {
  test('runs a workflow, shows it, keeps its logs and its record', async () => {
    const folder = repository({ 'hello.yaml': workflow(`    - { id: hello, run: echo hello world }`) });
    const options = at(folder);
    const ran = await tryCli(['run', './hello.yaml', '--yes', '--json'], options);
    expect(ran).toMatchObject({ code: 0 });
    const { run, status, steps } = JSON.parse(ran.stdout);
    expect(status).toBe('succeeded');
    expect(steps).toMatchObject([
      { step: 'hello', status: 'succeeded', output: { code: 0, stdout: 'hello world\n' } },
    ]);
    expect((await tryCli(['show', run], options)).stdout).toContain('succeeded');
    expect((await tryCli(['logs', run], options)).stdout).toContain('hello world');
    expect((await tryCli(['runs'], options)).stdout).toContain(run);
    expect(await tryCli(['audit', 'verify'], options)).toMatchObject({ code: 0 });
  });

  test('what happens is also kept in a log file, as text or as JSON lines [HYG-35]', async () => {
    const folder = repository({ 'hello.yaml': workflow(`    - { id: hello, run: echo hello world }`) });
    const home = temporaryFolder();
    const env = { CADRE_HOME: home, CADRE_LOG__FORMAT: 'json' };
    const ran = await tryCli(['run', './hello.yaml', '--yes', '--json'], { cwd: folder, env });
    const { run } = JSON.parse(ran.stdout);
    const lines = readFileSync(join(home, 'logs/cadre.log'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toContainEqual(expect.objectContaining({ level: 'info', message: 'run.succeeded', run }));
    expect(lines).toContainEqual(expect.objectContaining({ message: 'hello world', step: 'hello', run }));
  });

  test('flags say where and how to log, and beat variables and files [HYG-35]', async () => {
    const folder = repository({
      'hello.yaml': workflow(`    - { id: hello, run: echo hello world }`),
      'cadre.yaml': 'log: { level: error, format: text, file: file.log }\n',
    });
    const { cwd, env } = at(folder);
    const options = { cwd, env: { ...env, CADRE_LOG__FILE: 'variable.log', CADRE_LOG__FORMAT: 'text' } };
    const flags = ['--log-file', 'out/flag.log', '--log-format', 'json', '--log-level', 'info'];
    const more = ['--log-max-bytes', '4 KiB', '--log-keep', '2'];
    expect(await tryCli(['run', './hello.yaml', '--yes', ...flags, ...more], options)).toMatchObject({
      code: 0,
    });
    const lines = readFileSync(join(folder, 'out/flag.log'), 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).message)).toContain('run.succeeded');
    expect(existsIn(folder, 'out/variable.log')).toBe(false);
  });

  test('a size that is too small and a level that there is not are refused before anything runs [HYG-35]', async () => {
    const folder = repository({ 'hello.yaml': workflow(`    - { id: hello, run: touch ran }`) });
    for (const flags of [
      ['--log-max-bytes', '12'],
      ['--log-level', 'loud'],
      ['--log-keep', 'all'],
    ]) {
      const { code, stderr } = await tryCli(['run', './hello.yaml', '--yes', ...flags], at(folder));
      expect(code).toBe(2);
      expect(stderr).toMatch(/log/);
    }
    expect(existsIn(folder, 'ran')).toBe(false);
  });

  test('a log folder that cannot be written is a warning, and the run goes on [HYG-35]', async () => {
    const folder = repository({ 'hello.yaml': workflow(`    - { id: hello, run: echo hello world }`) });
    const { cwd, env } = at(folder);
    const options = { cwd, env: { ...env, CADRE_LOG__DIR: join(folder, 'hello.yaml/logs') } };
    const ran = await tryCli(['run', './hello.yaml', '--yes'], options);
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stderr).toContain('hello.yaml/logs');
  });

  test('without a terminal and without --yes shows the plan and changes nothing [HYG-2]', async () => {
    const folder = repository({
      'a.js': 'const a = 1;   \n',
      'f.yaml': workflow(`    - { id: f, uses: code/format }`),
    });
    const { code, stdout } = await tryCli(['run', './f.yaml'], at(folder));
    expect(code).toBe(0);
    expect(stdout).toContain('-const a = 1;   ');
    expect(stdout.trimEnd().split('\n').at(-1)).toBe(
      'Nothing was changed: this was the plan. Apply it with --yes.',
    );
    expect(readFileSync(join(folder, 'a.js'), 'utf8')).toBe('const a = 1;   \n');
  });

  test('a plan sees what earlier steps would have done [HYG-3]', async () => {
    const steps = `    - { id: make, uses: files/write, with: { path: new.js, content: "const b = 2;   \\n" } }
    - { id: f, uses: code/format }`;
    const folder = repository({ 'f.yaml': workflow(steps) });
    const { code, stdout } = await tryCli(['plan', './f.yaml', '--json'], at(folder));
    expect(code).toBe(0);
    const { effects } = JSON.parse(stdout);
    expect(effects).toMatchObject([
      { step: 'make', effects: [{ kind: 'file', change: 'created', path: 'new.js' }] },
      { step: 'f', effects: [{ kind: 'file', path: 'new.js' }] },
    ]);
    expect(() => readFileSync(join(folder, 'new.js'))).toThrow();
  });

  test('a failing step gives exit 1, its last lines and what to do', async () => {
    const folder = repository({ 'f.yaml': workflow(`    - { id: f, run: "echo broken >&2; exit 7" }`) });
    const { code, stdout } = await tryCli(['run', './f.yaml', '--yes'], at(folder));
    expect(code).toBe(1);
    expect(stdout).toContain('command_failed');
    expect(stdout).toContain('broken');
  });

  test('a run that takes too long is exit 124 [HYG-9]', async () => {
    const folder = repository({ 'f.yaml': workflow(`    - { id: f, run: sleep 60 }`) });
    const { code } = await tryCli(['run', './f.yaml', '--yes', '--timeout', '1'], at(folder));
    expect(code).toBe(124);
  });

  test('an interrupt cancels the run and leaves no process behind [HYG-10]', async () => {
    const folder = repository({
      'f.yaml': workflow(`    - { id: f, run: "touch begun; exec sleep 31415" }`),
    });
    const controller = new AbortController();
    const running = tryCli(['run', './f.yaml', '--yes'], { ...at(folder), interrupted: controller.signal });
    await expect.poll(() => existsIn(folder, 'begun'), { timeout: 20_000 }).toBe(true);
    controller.abort('SIGINT');
    expect(await running).toMatchObject({ code: 130 });
    const left = execFileSync('sh', ['-c', "pgrep -fc 'sleep 3141[5]' || true"], { encoding: 'utf8' });
    expect(left.trim()).toBe('0');
  });

  test('an approval is answered from another process, and the run goes on', async () => {
    const steps = `    - { id: ask, approval: { prompt: "Go on?", timeout: 1h, default: deny } }
    - { id: after, if: "\${{ steps.ask.output.approved }}", run: echo approved }`;
    const options = at(repository({ 'a.yaml': workflow(steps) }));
    const ran = await tryCli(['run', './a.yaml', '--yes', '--json'], options);
    expect(ran).toMatchObject({ code: 4 });
    const { run } = JSON.parse(ran.stdout);
    expect((await tryCli(['show', run], options)).stdout).toContain(
      `cadre answer ${run} allow|deny --step ask`,
    );
    expect(await tryCli(['answer', run, 'allow'], options)).toMatchObject({ code: 0 });
    expect((await tryCli(['logs', run], options)).stdout).toContain('approved');
  });

  test('rerun --from takes over the results before that step', async () => {
    const steps = `    - { id: first, run: "echo x >> count; echo made" }
    - { id: second, run: "test -e ok && echo \${{ steps.first.output.code }}" }`;
    const folder = repository({ 'r.yaml': workflow(steps) });
    const options = at(folder);
    const ran = await tryCli(['run', './r.yaml', '--yes', '--json'], options);
    expect(ran).toMatchObject({ code: 1 });
    write(folder, { ok: '' });
    expect(await tryCli(['rerun', JSON.parse(ran.stdout).run, '--from', 'second'], options)).toMatchObject({
      code: 0,
    });
    expect(readFileSync(join(folder, 'count'), 'utf8')).toBe('x\n');
  });

  test('a workflow in TypeScript is the same thing, evaluated where it can do nothing', async () => {
    const folder = repository({
      'w.ts': `import { existsSync } from 'node:fs';
import { defineWorkflow } from 'cadre';
const seen: boolean = existsSync('/etc/shadow') && existsSync(process.env.HOME + '/.ssh');
export const workflow = defineWorkflow({
  apiVersion: 'cadre/v1', kind: 'Workflow', metadata: { name: 'typed' },
  spec: { permissions: ['fs:read:.', 'fs:write:.', 'shell:*'], steps: [{ id: 'say', run: 'echo seen ' + seen }] },
});
`,
    });
    const ran = await tryCli(['run', './w.ts', '--yes', '--json'], at(folder));
    expect(ran).toMatchObject({ code: 0 });
    expect(JSON.parse(ran.stdout).steps[0].output.stdout).toBe('seen false\n');
  });

  test('two runs of one workflow in one workspace: the second is told who holds it [HYG-31]', async () => {
    const folder = repository({
      'f.yaml': workflow(`    - { id: f, run: "touch begun; while [ ! -e go ]; do sleep 0.05; done" }`),
    });
    const options = at(folder);
    const first = tryCli(['run', './f.yaml', '--yes'], options);
    await expect.poll(() => existsIn(folder, 'begun'), { timeout: 20_000 }).toBe(true);
    const second = await tryCli(['run', './f.yaml', '--yes'], options);
    expect(second).toMatchObject({ code: 3 });
    expect(second.stderr).toContain(String(process.pid));
    write(folder, { go: '' });
    expect(await first).toMatchObject({ code: 0 });
  });

  test('a repository whose name has spaces, quotes and other scripts works like any other', async () => {
    const files = {
      'it\'s "odd" ñ/日本 a.js': 'const a = 1;   \n',
      'f.yaml': workflow(`    - { id: f, uses: code/format }`),
    };
    const folder = repository(files, 'cadre it\'s "ö" ');
    expect(await tryCli(['run', './f.yaml', '--yes'], at(folder))).toMatchObject({ code: 0 });
    expect(readFileSync(join(folder, 'it\'s "odd" ñ/日本 a.js'), 'utf8')).toBe('const a = 1;\n');
  });

  test('a link that leads out of the workspace is not followed', async () => {
    const outside = temporaryFolder();
    write(outside, { 'a.js': 'const a = 1;   \n' });
    const folder = repository({
      'f.yaml': workflow(
        `    - { id: f, uses: code/format }\n    - { id: r, uses: files/read, with: { path: link/a.js } }`,
      ),
    });
    symlinkSync(outside, join(folder, 'link'));
    const { code, stdout } = await tryCli(['run', './f.yaml', '--yes'], at(folder));
    expect(code).toBe(4);
    expect(stdout).toMatch(/outside_root|denied/);
    expect(readFileSync(join(outside, 'a.js'), 'utf8')).toBe('const a = 1;   \n');
  });
});

function existsIn(folder: string, path: string): boolean {
  try {
    readFileSync(join(folder, path));
    return true;
  } catch {
    return false;
  }
}
