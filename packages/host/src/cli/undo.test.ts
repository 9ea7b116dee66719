import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { XMLParser } from 'fast-xml-parser';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { tryCli } from './testing.ts';

let folder: string;
let work: string;
let options: { cwd: string; env: Record<string, string> };

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'cadre-undo-')));
  work = join(folder, 'work');
  mkdirSync(work);
  options = { cwd: work, env: { CADRE_HOME: join(folder, 'home') } };
  git('init', '--quiet', '--initial-branch=work');
  git('config', 'user.name', 'Test');
  git('config', 'user.email', 'test@example.org');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = (path: string) => join(work, path);
const read = (path: string) => readFileSync(at(path), 'utf8');
const git = (...args: string[]) => execFileSync('git', args, { cwd: work, encoding: 'utf8' }).trim();
function write(path: string, text: string): void {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), text);
}
const cadre = (...argv: string[]) => tryCli(argv, options);
const json = async (...argv: string[]) => JSON.parse((await cadre(...argv, '--json')).stdout);

/** A workflow of shell commands: none of them tells Cadre what it changes. */
function workflow(commands: Readonly<Record<string, string>>): void {
  const steps = Object.entries(commands).map(
    ([id, command]) => `    - { id: ${id}, uses: shell/run, with: { command: ${JSON.stringify(command)} } }`,
  );
  const head = 'apiVersion: cadre/v1\nkind: Workflow\nmetadata: { name: sample }\nspec:\n';
  write(
    'sample.yaml',
    `${head}  permissions: ["fs:read:.", "fs:write:.", "shell:*"]\n  steps:\n${steps.join('\n')}\n`,
  );
}
const run = async () => (await json('run', './sample.yaml', '--yes')).run as string;

describe('[HYG-11] cadre undo', () => {
  test('shows first, changes nothing without a yes, and then puts everything back', async () => {
    write('changed', 'old');
    write('deleted', 'old');
    workflow({ first: 'echo new > changed; rm deleted', second: 'mkdir sub; echo made > sub/created' });
    const id = await run();
    expect(await json('show', id)).toMatchObject({ changes: 3 });
    const shown = await cadre('undo', id);
    expect(shown).toMatchObject({ code: 0, stderr: '' });
    expect(shown.stdout).toMatch(/put back +changed +first/);
    expect(shown.stdout).toMatch(/bring back +deleted/);
    expect(shown.stdout).toMatch(/remove +sub\/created +second/);
    expect(shown.stdout).toContain('Nothing was changed');
    expect((await cadre('undo', id, '--plan', '--yes')).stdout).toContain('Nothing was changed');
    expect(read('changed')).toBe('new\n');
    expect(await json('undo', id, '--yes')).toMatchObject({
      status: 'undone',
      undo: { restored: ['changed', 'deleted'], removed: ['sub/created'], left: [] },
    });
    expect([read('changed'), read('deleted'), existsSync(at('sub'))]).toEqual(['old', 'old', false]);
  });

  test('a second time says so, and the run and the audit record tell of the first', async () => {
    write('a', 'old');
    workflow({ only: 'echo new > a' });
    const id = await run();
    await cadre('undo', id, '--yes');
    const again = await cadre('undo', id, '--yes');
    expect(again.code).toBe(0);
    expect(again.stdout).toContain('is undone already');
    expect((await cadre('show', id)).stdout).toMatch(/undone .*1 file put back/);
    const records = (await cadre('audit', 'export', '--run', id)).stdout;
    expect(records).toContain('"operation":"undo"');
    expect((await cadre('audit', 'verify')).code).toBe(0);
  });

  test('what changed since is named and left alone, exit 1; put right, it can be undone later', async () => {
    write('a', 'old');
    write('b', 'old');
    workflow({ only: 'echo new > a; echo new > b' });
    const id = await run();
    write('b', 'mine');
    const undone = await cadre('undo', id, '--yes');
    expect(undone.code).toBe(1);
    expect(undone.stdout).toMatch(/b {2}.*\[changed_meanwhile\]/);
    expect([read('a'), read('b')]).toEqual(['old', 'mine']);
    expect((await cadre('undo', id, '--yes')).code).toBe(1);
    write('b', 'new\n');
    expect((await cadre('undo', id, '--yes')).code).toBe(0);
    expect(read('b')).toBe('old');
  });

  test('can be taken back', async () => {
    write('a', 'old');
    workflow({ only: 'echo new > a' });
    const id = await run();
    expect((await cadre('undo', id, '--back', '--yes')).code).toBe(2);
    await cadre('undo', id, '--yes');
    expect(await json('undo', id, '--back', '--yes')).toMatchObject({ status: 'taken_back' });
    expect(read('a')).toBe('new\n');
    expect((await cadre('undo', id, '--yes')).code).toBe(0);
    expect(read('a')).toBe('old');
  });

  test('a commit of the run stays, and the report says how to revert it', async () => {
    write('a', 'old');
    git('add', '-A');
    git('commit', '--quiet', '-m', 'start');
    const before = git('rev-parse', 'HEAD');
    write('a.py', 'x = 1   \n');
    git('add', '-A');
    git('commit', '--quiet', '-m', 'unformatted');
    const unformatted = git('rev-parse', 'HEAD');
    expect((await cadre('hygiene', '--steps', 'format,commit', '--yes')).code).toBe(0);
    const made = git('rev-parse', 'HEAD');
    const { runs } = await json('runs', 'hygiene');
    expect(runs).toMatchObject([
      { profile: 'standard', commit: unformatted, madeCommit: made, changes: 1, status: 'succeeded' },
    ]);
    const undone = await cadre('hygiene', 'undo', 'last', '--yes');
    expect(undone.stdout).toContain(`git reset ${unformatted.slice(0, 10)}`);
    expect(git('rev-parse', 'HEAD')).toBe(made);
    expect(read('a.py')).toBe('x = 1   \n');
    git('reset', '--quiet', unformatted);
    expect(git('status', '--short')).toBe('');
    expect(before).not.toBe(made);
  });

  test('a plan, a run that changed nothing, and one that is not there say what they are', async () => {
    workflow({ only: 'true' });
    const planned = (await json('run', './sample.yaml', '--plan')).plan as string;
    expect(await cadre('undo', planned)).toMatchObject({ code: 2, stderr: /is a plan/ });
    const id = await run();
    expect(await cadre('undo', id)).toMatchObject({ code: 0, stdout: /nothing to undo/ });
    expect((await cadre('undo', 'run_none')).code).toBe(2);
  });

  test('a run that is no longer kept is a refusal that names the setting and the backup', async () => {
    write('a', 'old');
    write('cadre.yaml', 'undo: { keep: 1 }\n');
    workflow({ only: 'date +%N > a' });
    const first = await run();
    await run();
    const refused = await cadre('undo', first, '--yes');
    expect(refused).toMatchObject({ code: 2, stderr: /undo\.keep/ });
    expect(refused.stderr).toContain('cadre hygiene restore');
  });

  test('what runs inside a run changed is undone with it, and not alone', async () => {
    write('a', 'old');
    workflow({ only: 'echo new > a' });
    const head = 'apiVersion: cadre/v1\nkind: Workflow\nmetadata: { name: outer }\nspec:\n';
    write('.cadre/workflows/inner.yaml', read('sample.yaml').replace('name: sample', 'name: inner'));
    write(
      'outer.yaml',
      `${head}  permissions: ["fs:read:.", "fs:write:.", "shell:*"]\n  steps:\n    - { id: sub, workflow: inner }\n`,
    );
    const outer = (await json('run', './outer.yaml', '--yes')).run as string;
    expect(read('a')).toBe('new\n');
    const [inner] = (await json('runs', 'inner')).runs;
    const refused = await cadre('undo', inner.id, '--yes');
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining(`cadre undo ${outer}`) });
    expect(await json('show', outer)).toMatchObject({ changes: 1 });
    await cadre('undo', outer, '--yes');
    expect(read('a')).toBe('old');
  });

  test('a run that was killed in the middle is ended, and undone', async () => {
    write('a', 'old');
    write('b', 'old');
    workflow({ first: 'echo new > a', second: 'echo new > b; echo made > c; sleep 600' });
    const main = fileURLToPath(new URL('../main.ts', import.meta.url));
    const made = written(work, 'c');
    const child = spawn(process.execPath, ['--no-warnings', main, 'run', './sample.yaml', '--yes'], {
      cwd: work,
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...options.env },
      stdio: 'ignore',
    });
    await made;
    const busy = await cadre('undo', 'last', '--yes');
    expect(busy).toMatchObject({ code: 3, stderr: /is being performed/ });
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    const planned = await json('undo', 'last', '--plan');
    expect(planned).toMatchObject({ unfinished: true });
    expect(read('b')).toBe('new\n');
    const undone = await json('undo', 'last', '--yes');
    expect(undone).toMatchObject({ undo: { restored: ['a', 'b'], removed: ['c'], left: [] } });
    expect([read('a'), read('b'), existsSync(at('c'))]).toEqual(['old', 'old', false]);
    expect(await json('show', 'last')).toMatchObject({ status: 'cancelled' });
  }, 60_000);
});

/** Settles when a file of this name has appeared in the folder. */
async function written(place: string, name: string): Promise<void> {
  const controller = new AbortController();
  await new Promise<void>((resolve) => {
    watch(place, { signal: controller.signal }, () => existsSync(join(place, name)) && resolve());
  });
  controller.abort();
}

describe('[HYG-26] cadre hygiene restore', () => {
  const backup = async () => (await json('hygiene', '--steps', 'backup', '--yes')).run as string;

  test('brings all files and the history into a new folder, after a yes', async () => {
    write('src/a.txt', 'one');
    git('add', '-A');
    git('commit', '--quiet', '-m', 'start');
    const id = await backup();
    rmSync(at('src'), { recursive: true });
    const to = join(folder, 'restored');
    const shown = await cadre('hygiene', 'restore', id, '--to', to);
    expect(shown).toMatchObject({ code: 0, stdout: /\+ src\/a\.txt/ });
    expect(existsSync(to)).toBe(false);
    expect(await json('hygiene', 'restore', id, '--to', to, '--yes')).toMatchObject({
      status: 'restored',
      placed: ['src/a.txt'],
      left: [],
    });
    expect(readFileSync(join(to, 'src/a.txt'), 'utf8')).toBe('one');
    expect(execFileSync('git', ['log', '--format=%s'], { cwd: to, encoding: 'utf8' })).toBe('start\n');
    const rest = join(options.env['CADRE_HOME'] ?? '', 'workspaces');
    const [workspace = ''] = readdirSync(rest);
    expect(readdirSync(join(rest, workspace, 'workers/backup/restored'))).toEqual([]);
  });

  test('some files, over what is there only after it was shown; what is the same is not touched', async () => {
    for (const path of ['src/a.txt', 'src/b.txt', 'other.txt']) write(path, 'backed up');
    const id = await backup();
    write('src/a.txt', 'newer');
    const shown = await cadre('hygiene', 'restore', id, 'src', '--to', '.');
    expect(shown.stdout).toMatch(/~ src\/a\.txt/);
    expect(shown.stdout).toContain('0 new, 1 would replace what is there, 1 are the same already');
    expect(read('src/a.txt')).toBe('newer');
    write('other.txt', 'mine');
    expect(await json('hygiene', 'restore', id, 'src', '--to', '.', '--yes')).toMatchObject({
      placed: ['src/a.txt'],
    });
    expect([read('src/a.txt'), read('other.txt')]).toEqual(['backed up', 'mine']);
  });

  test('a run without a backup, a damaged archive and a wrong call are refusals', async () => {
    write('a', 'x');
    workflow({ only: 'true' });
    const without = await run();
    expect(await cadre('hygiene', 'restore', without, '--to', folder)).toMatchObject({ code: 2 });
    expect(await cadre('hygiene', 'restore', without)).toMatchObject({ code: 2, stderr: /which folder/ });
    const id = await backup();
    const archive = (await json('show', id)).steps[0].output.artifacts[0] as string;
    const bytes = readFileSync(archive);
    bytes.fill(0, bytes.length >> 1, (bytes.length >> 1) + 8);
    writeFileSync(archive, bytes);
    const to = join(folder, 'to');
    expect((await cadre('hygiene', 'restore', id, '--to', to, '--yes')).code).toBe(1);
    expect(existsSync(to)).toBe(false);
  });
});

describe('[HYG-11] the report of a run', () => {
  test('beside another one: steps, durations, findings and changes', async () => {
    write('a.py', 'x = eval(input())\n');
    await cadre('hygiene', '--steps', 'scan', '--yes');
    write('a.py', 'x = 1   \n');
    await cadre('hygiene', '--steps', 'format,scan', '--yes');
    const [after, before] = (await json('runs', 'hygiene')).runs.map(({ id }: { id: string }) => id);
    const compared = await json('show', after, '--compare', before);
    expect(compared).toMatchObject({
      before: { run: before },
      after: { run: after, changes: 1 },
      findings: { added: [], gone: [{ rule: 'python-eval', step: 'scan' }], kept: 0 },
      changes: { onlyAfter: ['a.py'], onlyBefore: [], both: [] },
    });
    const scan = compared.steps.find(({ step }: { step: string }) => step === 'scan');
    expect(scan).toMatchObject({ before: { status: 'failed' }, after: { status: 'succeeded' } });
    expect((await cadre('show', after, '--compare', before)).stdout).toContain('Findings: 0 new, 1 gone');
  });

  test('as JUnit, SARIF and a page that runs nothing, whatever names and messages hold', async () => {
    write('<img src=x onerror=alert(1)>&.py', 'x = eval(input())\n');
    await cadre('hygiene', '--steps', 'scan', '--yes');
    const junit = new XMLParser({ ignoreAttributes: false }).parse(
      (await cadre('show', '--format', 'junit')).stdout,
    );
    const { testsuite } = junit.testsuites;
    expect(testsuite).toMatchObject({ '@_name': 'hygiene', '@_failures': '1' });
    const scan = testsuite.testcase.find((one: Record<string, string>) => one['@_name'] === 'scan');
    expect(scan.failure['@_type']).toBe('findings_above_threshold');
    const sarif = JSON.parse((await cadre('show', '--format', 'sarif')).stdout);
    expect(sarif.version).toBe('2.1.0');
    expect(sarif.runs[0].results).toMatchObject([{ ruleId: 'python-eval', ruleIndex: 0, level: 'error' }]);
    const { uri } = sarif.runs[0].results[0].locations[0].physicalLocation.artifactLocation;
    expect(decodeURIComponent(uri)).toBe('<img src=x onerror=alert(1)>&.py');
    const page = (await cadre('show', '--format', 'html')).stdout;
    expect(page).toContain('&lt;img src=x onerror=alert(1)&gt;&amp;.py');
    expect(page).not.toMatch(/<img|<script/);
    expect((await cadre('show', '--format', 'pdf')).code).toBe(2);
  });
});
