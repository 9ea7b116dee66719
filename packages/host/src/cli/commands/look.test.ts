import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { emptyFolder, gitIn, placeAt, repositoryWith, writeAll } from '../../../test/cli-place.ts';
import { tryCli } from '../testing.ts';

const workflow = (name: string, steps: string) => `apiVersion: cadre/v1
kind: Workflow
metadata: { name: ${name} }
spec:
  permissions: ["fs:read:.", "fs:write:.", "shell:*"]
  steps:
${steps}
`;

const FILES = {
  'good.yaml': workflow(
    'good',
    '    - { id: say, run: "echo hello; echo oh >&2" }\n    - { id: make, uses: files/write, with: { path: made.txt, content: "x\\n" } }',
  ),
  'bad.yaml': workflow('bad', '    - { id: f, run: "exit 3" }'),
};

/** A place with a run that succeeded, one that failed and a plan. */
async function withRuns() {
  const place = placeAt(repositoryWith(FILES));
  const cadre = (...argv: string[]) => tryCli(argv, place);
  const good: string = JSON.parse((await cadre('run', './good.yaml', '--yes', '--json')).stdout).run;
  const bad: string = JSON.parse((await cadre('run', './bad.yaml', '--yes', '--json')).stdout).run;
  const plan: string = JSON.parse((await cadre('plan', './good.yaml', '--json')).stdout).plan;
  return { cadre, good, bad, plan };
}

describe('what was done', () => {
  test('[HYG-11] runs are listed newest first, by workflow, status and number, plans apart', async () => {
    const { cadre, good, bad, plan } = await withRuns();
    const ids = async (...argv: string[]) =>
      JSON.parse((await cadre('runs', ...argv, '--json')).stdout).runs.map(({ id }: { id: string }) => id);

    expect(await ids()).toEqual([bad, good]);
    expect(await ids('good')).toEqual([good]);
    expect(await ids('--status', 'failed,timed_out')).toEqual([bad]);
    expect(await ids('--limit', '1')).toEqual([bad]);
    expect(await ids('--plans')).toEqual([plan]);
    expect((await cadre('runs')).stdout).toMatch(/ bad .*failed/);
    expect(await cadre('runs', '--status', 'fialed')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('timed_out'),
    });
    expect(await cadre('runs', '--limit', '0')).toMatchObject({ code: 2 });
  });

  test('[HYG-11] a run is shown as report, as events, effects, times and drawing, and named in three ways', async () => {
    const { cadre, good, bad } = await withRuns();
    const shown = async (...argv: string[]) => (await cadre('show', ...argv)).stdout;

    expect(await shown(good)).toMatch(/good .*succeeded[\s\S]*✓ say/);
    expect(await shown('last')).toContain(bad);
    expect(await shown(good.slice('run_'.length), '--events')).toContain('step.succeeded');
    expect(await shown(good, '--events', '--json')).toContain('"type":"run.succeeded"');
    expect(await shown(good, '--effects')).toContain('+ made.txt');
    expect(await shown(bad, '--effects')).toContain('changed nothing');
    expect(await shown(good, '--timings')).toContain('median before');
    expect(await shown(good, '--mermaid')).toMatch(/^flowchart|^graph/);
    expect(await cadre('show', 'run_no_such')).toMatchObject({ code: 2 });
    expect(await cadre('show', 'run_')).toMatchObject({ code: 2, stderr: expect.stringContaining(bad) });
    expect(await tryCli(['show'], placeAt(repositoryWith({})))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('cadre run hygiene'),
    });
  });

  test('logs are chosen by step and level, as lines or as JSON, and following one that is over ends', async () => {
    const { cadre, good } = await withRuns();

    expect((await cadre('logs', good)).stdout).toMatch(/say hello\n.*say oh/);
    expect((await cadre('logs', good, '--step', 'make')).stdout).not.toContain('hello');
    expect((await cadre('logs', good, '--level', 'error')).stdout).toBe('');
    const lines = (await cadre('logs', good, '--json')).stdout.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ step: 'say', level: 'info', message: 'hello' }),
    );
    expect(await cadre('logs', good, '--follow')).toMatchObject({
      stdout: expect.stringContaining('hello'),
      stderr: expect.stringContaining(`${good} succeeded`),
    });
    expect(await cadre('logs', good, '--level', 'loud')).toMatchObject({ code: 2 });
  });
});

describe('what is drawn and exported', () => {
  test('a plan is drawn without being made', async () => {
    const place = placeAt(repositoryWith(FILES));
    expect(await tryCli(['plan', './good.yaml', '--mermaid'], place)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('say'),
    });
    expect(JSON.parse((await tryCli(['plan', './good.yaml', '--mermaid', '--json'], place)).stdout)).toEqual({
      workflow: 'good',
      mermaid: expect.any(String),
    });
    expect((await tryCli(['runs', '--plans'], place)).stdout).toContain('No runs yet');
  });

  test('[HYG-11] the page of a run holds its failure, findings, commit and archive, and nothing unescaped', async () => {
    const place = placeAt(repositoryWith({ 'a.js': 'let a = 1;  \n', '<b>.js': 'eval(process.argv[2]);\n' }));
    const steps = 'backup,format,scan';
    const ran = await tryCli(['hygiene', '--yes', '--steps', steps, '--threshold', 'info'], place);
    expect(ran.code).toBe(1);
    const page = (await tryCli(['show', 'last', '--format', 'html'], place)).stdout;
    expect(page).toMatch(/Findings \(\d+\)/);
    expect(page).toContain('&lt;b&gt;.js');
    expect(page).not.toContain('<b>.js');
    expect(page).toMatch(/archive <code>.*\.tar\.gz/);
    expect(page).toContain('<details><summary>diff</summary>');
  });
});

describe('completion', () => {
  test('is written for each shell, and asks for names of workflows and runs', async () => {
    const { cadre, good } = await withRuns();
    for (const shell of ['bash', 'zsh', 'fish', 'powershell']) {
      expect((await cadre('completion', shell)).stdout).toContain('cadre __complete');
    }
    expect(await cadre('completion', 'tcsh')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('powershell'),
    });
    expect((await cadre('__complete', 'plan', 'hyg')).stdout).toBe('hygiene\n');
    expect((await cadre('__complete', 'show', '')).stdout.split('\n')).toEqual(
      expect.arrayContaining(['last', good]),
    );
    expect((await cadre('__complete', 'runs', '--st')).stdout).toBe('--status\n');
    expect((await cadre('__complete', 'loc')).stdout).toBe('lock\n');
  });
});

describe('the workspace', () => {
  test('doctor says what works here, what the repository wants and what failed last', async () => {
    const { cadre, bad } = await withRuns();
    const { code, stdout } = await cadre('doctor');
    expect(code).toBe(0);
    for (const part of ['Node.js', 'sandbox', 'one unbroken chain', 'disk', 'on work, 1 paths']) {
      expect(stdout).toContain(part);
    }
    expect(stdout).toContain(`${bad} bad: command_failed`);
  });

  test('doctor names a wanted tool that is missing with its command, and a folder that is no repository', async () => {
    const folder = emptyFolder();
    writeAll(folder, { '.prettierrc': '{}\n', 'a.js': 'const a = 1;\n' });
    const { stdout } = await tryCli(['doctor', '--json'], placeAt(folder));
    const checks: { what: string; state: string; hint?: string }[] = JSON.parse(stdout).checks;
    expect(checks.find(({ what }) => what === 'prettier')).toMatchObject({
      state: 'warning',
      hint: expect.stringContaining('prettier'),
    });
    expect(checks.find(({ what }) => what === 'git')).toMatchObject({ state: 'warning' });
  });

  test('init shows the file, writes it once and keeps one that is there', async () => {
    const place = placeAt(repositoryWith({ 'a.test.js': "import 'node:test';\n" }));
    const first = await tryCli(['init'], place);
    expect(first.stdout).toContain('Nothing was written');
    expect(gitIn(place.cwd, 'status', '--porcelain')).toBe('');
    expect((await tryCli(['init', '--yes'], place)).code).toBe(0);
    expect(gitIn(place.cwd, 'status', '--porcelain')).toBe('?? cadre.yaml');
    expect((await tryCli(['config', 'check'], place)).stdout).toContain(join(place.cwd, 'cadre.yaml'));
    expect((await tryCli(['init', '--yes', '--json'], place)).stdout).toContain('"written": false');
    expect((await tryCli(['config', 'check'], placeAt(repositoryWith({})))).stdout).toContain(
      'defaults hold',
    );
  });

  test('hooks are installed, told and taken out again, and run on what is staged', async () => {
    const place = placeAt(
      repositoryWith({
        '.pre-commit-config.yaml':
          'repos:\n- repo: local\n  hooks:\n  - { id: says, name: says, language: system, entry: sh -c "echo no; exit 1" }\n',
      }),
    );
    const cadre = (...argv: string[]) => tryCli(argv, place);

    expect((await cadre('hooks', 'install')).code).toBe(0);
    expect((await cadre('hooks', 'status')).stdout).toMatch(/says +\S+.* runs/);
    writeAll(place.cwd, { 'a.txt': 'a\n' });
    gitIn(place.cwd, 'add', 'a.txt');
    expect(await cadre('hooks', 'run')).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/failed +says .*\n +no/),
    });
    expect((await cadre('hooks', 'uninstall')).code).toBe(0);
    expect((await cadre('hooks', 'status')).stdout).toMatch(/not installed|no hook/i);
  });
});
