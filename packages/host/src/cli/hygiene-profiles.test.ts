import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type TemporaryPlace, temporaryPlace } from './testing/temporary-place.ts';

const PACKAGE = '{ "type": "module", "scripts": { "test": "node --test" } }\n';
const passing = "import { test } from 'node:test';\ntest('good', () => {});\n";
const failing = "import { test } from 'node:test';\ntest('bad', () => { throw new Error('no'); });\n";
/** What takes long and shows nothing here. */
const LEAN = ['--skip', 'backup,dump,delete-dumps,clean'];

interface Step {
  readonly step: string;
  readonly status: string;
  readonly reason?: string;
}

interface Ran {
  readonly code: number;
  readonly status: string;
  readonly steps: readonly Step[];
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
  readonly failure?: { readonly code: string };
  readonly nothingToDo?: boolean;
}

async function hygiene({ cadre }: Pick<TemporaryPlace, 'cadre'>, ...argv: string[]): Promise<Ran> {
  const { code, stdout } = await cadre('hygiene', ...argv, '--json');
  return { code, ...JSON.parse(stdout) };
}

/** The steps that somebody wanted, with how they ended, in the order in which they stand. */
function wanted({ steps }: Ran): string[] {
  return steps
    .filter(({ reason }) => reason !== 'if')
    .map(({ step, status, reason }) => [step, status, ...(reason === undefined ? [] : [reason])].join(' '));
}

const stepOf = ({ steps }: Ran, id: string) => steps.find(({ step }) => step === id);

describe('choosing steps', () => {
  test('[HYG-6] ids and aliases in any order, repeats run again, and a commit before the tests is a warning', async () => {
    const place = temporaryPlace({
      'package.json': PACKAGE,
      'a.test.js': passing,
      'b.js': 'const b = 1;  \n',
    });
    const ran = await hygiene(place, '--steps', 'git,step2.5,reformat,tests', '--yes');
    expect(ran.code).toBe(0);
    expect(wanted(ran)).toEqual([
      'commit skipped nothing_to_do',
      'test succeeded',
      'format-2 succeeded',
      'lint-2 succeeded',
      'test-2 succeeded',
    ]);
    const { code, stdout } = await place.cadre('plan', 'hygiene', '--steps', 'commit,test');
    expect(code).toBe(0);
    expect(stdout).toContain('warning the step "commit" comes before "test", which therefore cannot hold it');
    expect(stdout).not.toContain('"push"');
    expect((await hygiene(place, '--steps', 'test,commit', '--plan')).warnings).toEqual([]);
  });

  test('[HYG-6] --skip and --from narrow it, and an unknown name is exit 2 with the nearest one', async () => {
    const place = temporaryPlace({ 'package.json': PACKAGE, 'a.test.js': passing });
    const narrowed = await hygiene(place, '--from', 'step2.5', '--skip', 'clean,dump,git', '--plan');
    expect(wanted(narrowed).map((step) => step.split(' ')[0])).toEqual(['test', 'scan']);
    for (const flags of [
      ['--steps', 'fromat'],
      ['--skip', 'fromat'],
      ['--from', 'fromat'],
    ]) {
      const { code, stderr } = await place.cadre('hygiene', ...flags, '--yes');
      expect(code).toBe(2);
      expect(stderr).toContain('did you mean "format"?');
    }
    expect((await place.cadre('runs')).stdout).toContain('No runs yet');
  });

  test('[HYG-6] --only-changed works on what differs from the base branch, --staged on what is staged', async () => {
    const untidy = 'const a = 1;   \n';
    const place = temporaryPlace({ 'old.js': untidy });
    place.git('branch', 'main');
    place.write({ 'committed.js': untidy });
    place.git('add', '--all');
    place.git('commit', '--quiet', '--message', 'more');
    place.write({ 'staged.js': untidy });
    place.git('add', '--all');
    place.write({ 'new.js': untidy });
    const read = (name: string) => readFileSync(join(place.folder, name), 'utf8');
    const tidy = 'const a = 1;\n';

    expect((await hygiene(place, '--steps', 'format', '--staged', '--yes')).code).toBe(0);
    expect(['old.js', 'committed.js', 'staged.js', 'new.js'].map(read)).toEqual([
      untidy,
      untidy,
      tidy,
      untidy,
    ]);
    expect((await hygiene(place, '--steps', 'format', '--only-changed', '--yes')).code).toBe(0);
    expect(['old.js', 'committed.js', 'staged.js', 'new.js'].map(read)).toEqual([untidy, tidy, tidy, tidy]);
    place.git('add', '--all');
    place.git('commit', '--quiet', '--message', 'all');
    const idle = await hygiene(place, '--steps', 'format', '--base', 'HEAD', '--yes');
    expect(idle).toMatchObject({ code: 0, nothingToDo: true });
    expect(read('old.js')).toBe(untidy);
    expect(await place.cadre('hygiene', '--base', 'nowhere', '--yes')).toMatchObject({ code: 2 });
  });
});

describe('what a failure does', () => {
  test('[HYG-7] while a check has failed nothing is committed or pushed, the rest is done, and the run fails', async () => {
    const place = temporaryPlace({
      'package.json': PACKAGE,
      'a.test.js': failing,
      'b.js': 'const b = 1;  \n',
    });
    const head = place.git('rev-parse', 'HEAD');
    const held = await hygiene(place, ...LEAN, '--push', '--yes');
    expect(held).toMatchObject({ code: 1, status: 'failed', failure: { code: 'tests_failed' } });
    expect(wanted(held)).toEqual([
      'format succeeded',
      'lint succeeded',
      'test failed',
      'scan succeeded',
      'commit skipped held',
      'push skipped held',
    ]);
    expect(place.git('rev-parse', 'HEAD')).toBe(head);
    expect(place.git('status', '--porcelain')).toBe('M b.js'.padStart(7));

    place.write({ 'a.test.js': passing });
    const free = await hygiene(place, ...LEAN, '--yes');
    expect(free).toMatchObject({ code: 0, status: 'succeeded' });
    expect(stepOf(free, 'commit')?.status).toBe('skipped');
    expect(place.git('rev-parse', 'HEAD')).toBe(head);
  });

  test('[HYG-7] a finding of the scan holds the commit as well, and so does a check that was told to continue', async () => {
    const place = temporaryPlace({
      'cadre.yaml':
        'hygiene:\n  profiles:\n    lax: { steps: [scan, commit], onError: { security: continue } }\n',
      'deploy.py': 'aws_secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzK3abcdeFg"\n',
    });
    const ran = await hygiene(place, '--profile', 'lax', '--yes');
    expect(ran).toMatchObject({ code: 1, status: 'failed' });
    expect(wanted(ran)).toEqual(['scan failed', 'commit skipped held']);
  });

  test('[HYG-7] a profile says for each step what its failure does', async () => {
    const place = temporaryPlace({
      'cadre.yaml': `hygiene:
  profiles:
    strict: { steps: [test, scan], onError: { tests: abort } }
    mended:
      extends: strict
      onError: { test: { recover: [{ id: mend, run: "sed -i s/bad/good/ a.test.js && sed -i /throw/d a.test.js" }], then: retry } }
    asking: { extends: strict, onError: { test: escalate } }
    wrong: { extends: strict, onError: { tset: abrot } }
`,
      'package.json': PACKAGE,
      'a.test.js': "import { test } from 'node:test';\ntest('bad', () => {\nthrow new Error('no');\n});\n",
    });
    const aborted = await hygiene(place, '--profile', 'strict', '--yes');
    expect(aborted.code).toBe(1);
    expect(wanted(aborted)).toEqual(expect.arrayContaining(['test failed', 'scan skipped after_failure']));

    const asking = await place.cadre('hygiene', '--profile', 'asking', '--yes', '--json');
    expect(asking.code).toBe(4);
    const { run } = JSON.parse(asking.stdout);
    await place.cadre('answer', run, 'abort');
    expect((await place.cadre('show', run)).stdout).toContain('failed');

    const wrong = await place.cadre('hygiene', '--profile', 'wrong', '--yes');
    expect(wrong).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/did you mean "test"[\s\S]*onError\.tset/),
    });

    const mended = await hygiene(place, '--profile', 'mended', '--yes');
    expect(mended.code).toBe(0);
    expect(wanted(mended)).toContain('test succeeded');
  });
});

test('[HYG-29] a protected branch and a detached head are not committed to, and the table says why', async () => {
  const place = temporaryPlace({ 'b.js': 'const b = 1;  \n' });
  const commit = ['hygiene', '--steps', 'format,commit', '--yes'];
  place.git('checkout', '--quiet', '-b', 'release/1');
  expect((await place.cadre(...commit)).stdout).toMatch(
    /Commit +.*the branch is protected \[protected_branch\]/,
  );
  place.git('checkout', '--quiet', '--detach');
  expect((await place.cadre(...commit)).stdout).toMatch(/Commit +.*the head is detached \[detached_head\]/);
  place.git('checkout', '--quiet', 'work');
  place.write({ 'b.js': 'const b = 2;  \n' });
  place.git('commit', '--quiet', '--all', '--message', 'x');
  expect(await place.cadre(...commit)).toMatchObject({ code: 0 });
  expect(place.git('show', '--stat', '--format=%s')).toMatch(/^chore\(hygiene\): [\s\S]*b\.js/);
  expect((await place.cadre(...commit)).stdout).toMatch(/Commit +.*nothing to do \[nothing_to_do\]/);
});

describe('runs without work', () => {
  test('[HYG-8] every step without its tool is exit 5, and the run has not succeeded', async () => {
    const place = temporaryPlace({
      'package.json': '{ "devDependencies": { "jest": "30" } }\n',
      'a.test.js': '',
    });
    const ran = await hygiene(place, '--steps', 'test', '--yes');
    expect(ran).toMatchObject({ code: 5, status: 'failed', failure: { code: 'tool_missing' } });
    expect(wanted(ran)).toEqual(['test skipped tool_missing']);
    const { stdout } = await place.cadre('plan', 'hygiene', '--steps', 'test');
    expect(stdout).toContain('no step could do its work');
  });

  test('[HYG-8] every step without anything to do is exit 0 with "nothing to do"', async () => {
    const place = temporaryPlace({});
    const { code, stdout } = await place.cadre('hygiene', '--steps', 'format,lint,clean', '--yes');
    expect(code).toBe(0);
    expect(stdout).toMatch(/succeeded after .*; nothing to do/);
  });

  test('[HYG-8] no tests are unverified, which holds the commit only where tests are required', async () => {
    const place = temporaryPlace({ 'b.js': 'const b = 1;  \n' });
    const steps = ['--steps', 'format,test,commit', '--yes'];
    const held = await hygiene(place, ...steps, '--require-tests');
    expect(held).toMatchObject({ code: 1, failure: { code: 'unverified' } });
    expect(wanted(held)).toEqual(['format succeeded', 'test failed', 'commit skipped held']);
    const free = await hygiene(place, ...steps);
    expect(stepOf(free, 'test')).toMatchObject({
      status: 'succeeded',
      output: { tests: { status: 'unverified' }, summary: expect.stringContaining('no tests were found') },
    });
    expect(free.code).toBe(0);
  });
});

describe('profiles', () => {
  test('[HYG-16] the shipped ones choose their steps and settings', { timeout: 120_000 }, async () => {
    const place = temporaryPlace({ 'package.json': PACKAGE, 'a.test.js': passing });
    place.git('branch', 'main');
    place.write({ 'b.js': 'const b = 1;  \n', 'a.test.js': `${passing}// more\n` });
    const ids = async (profile: string) => {
      const planned = await hygiene(place, '--profile', profile, '--plan');
      return wanted(planned).map((step) => step.split(' ')[0]);
    };
    expect(await ids('quick')).toEqual(['format', 'lint', 'test']);
    const standard = ['backup', 'delete-dumps', 'format', 'lint', 'test', 'clean', 'scan', 'dump', 'commit'];
    expect(await ids('standard')).toEqual(standard);
    const full = [...standard, 'backed-up', 'audit', 'docs'].toSorted();
    expect((await ids('nightly')).toSorted()).toEqual(full);
    const listed = await place.cadre('hygiene', 'profiles');
    for (const name of ['standard *', 'quick', 'full', 'ci', 'nightly'])
      expect(listed.stdout).toContain(name);
  });

  test('[HYG-16] quick formats and lints what changed and runs the tests that it affects', async () => {
    const place = temporaryPlace({
      'package.json': PACKAGE,
      'a.test.js': passing,
      'slow.test.js': failing,
      'old.js': 'const a = 1;   \n',
    });
    place.git('branch', 'main');
    place.write({ 'a.test.js': `${passing.trimEnd()}   \n` });
    const ran = await hygiene(place, '--profile', 'quick', '--yes');
    expect(ran.code).toBe(0);
    expect(stepOf(ran, 'test')).toMatchObject({ output: { tests: { passed: 1, total: 1 } } });
    expect(readFileSync(join(place.folder, 'a.test.js'), 'utf8')).toBe(passing);
    expect(readFileSync(join(place.folder, 'old.js'), 'utf8')).toBe('const a = 1;   \n');
    expect((await hygiene(place, '--profile', 'quick', '--no-only-changed', '--yes')).code).toBe(1);
  });

  test('[HYG-16] ci checks, writes nothing and is strict', async () => {
    const untidy = 'const a = 1;   \n';
    const place = temporaryPlace({ 'package.json': PACKAGE, 'a.test.js': passing, 'b.js': untidy });
    const loose = await hygiene(place, '--profile', 'ci', '--skip', 'audit', '--yes');
    expect(loose).toMatchObject({ code: 1, status: 'failed' });
    expect(stepOf(loose, 'format')?.status).toBe('failed');
    expect(readFileSync(join(place.folder, 'b.js'), 'utf8')).toBe(untidy);
    expect(place.git('status', '--porcelain', '--ignored')).toBe('');
    place.git('rm', '--quiet', 'a.test.js');
    place.write({ 'b.js': 'const a = 1;\n' });
    expect(await hygiene(place, '--profile', 'ci', '--skip', 'audit', '--yes')).toMatchObject({
      code: 1,
      failure: { code: 'unverified' },
    });
  });

  test('[HYG-16] own profiles extend others and select steps, their order, settings and policies, in YAML and TOML', async () => {
    const yaml = `hygiene:
  coverage: 10
  threshold: low
  profiles:
    base: { steps: [scan, format], inputs: { keep-backups: 2, coverage: 20 } }
    mine:
      extends: base
      inputs: { message: mine }
      permissions: ["fs:read:.", "shell:*"]
    round: { extends: about }
    about: { extends: round }
`;
    const toml = `[hygiene]
coverage = 10
threshold = "low"
[hygiene.profiles.base]
steps = ["scan", "format"]
inputs = { keep_backups = 2, coverage = 20 }
[hygiene.profiles.mine]
extends = "base"
permissions = ["fs:read:.", "shell:*"]
inputs = { message = "mine" }
`;
    for (const files of [{ 'cadre.yaml': yaml }, { 'cadre.toml': toml }]) {
      const place = temporaryPlace({ ...files, 'b.js': 'const b = 1;   \n' });
      const ran = await hygiene(place, '--profile', 'mine', '--yes');
      expect(wanted(ran)).toEqual(['scan succeeded', 'format succeeded']);
      // What the profile does not permit cannot be done.
      expect(readFileSync(join(place.folder, 'b.js'), 'utf8')).toBe('const b = 1;   \n');
      const { cadreWith } = place;
      const inputsOf = async (env: Readonly<Record<string, string>>, ...flags: string[]) => {
        const { stdout } = await cadreWith(env, 'hygiene', '--profile', 'mine', '--plan', '--json', ...flags);
        const shown = await place.cadre('show', JSON.parse(stdout).plan, '--events', '--json');
        return JSON.parse(shown.stdout.split('\n')[0] ?? '').inputs;
      };
      expect(await inputsOf({})).toMatchObject({
        coverage: 20,
        threshold: 'low',
        keepBackups: 2,
        message: 'mine',
      });
      expect(await inputsOf({ CADRE_HYGIENE__COVERAGE: '30' })).toMatchObject({ coverage: 30 });
      expect(await inputsOf({ CADRE_HYGIENE__COVERAGE: '30' }, '--coverage', '40')).toMatchObject({
        coverage: 40,
      });
    }
    const place = temporaryPlace({ 'cadre.yaml': yaml });
    expect(await place.cadre('hygiene', '--profile', 'round')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('in a circle: round → about → round'),
    });
    expect(await place.cadre('hygiene', '--profile', 'mien')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--profile mine'),
    });
  });
});

describe('how steps are performed', () => {
  const workflow = (steps: string) => `apiVersion: cadre/v1
kind: Workflow
metadata: { name: sample }
spec:
  mode: graph
  permissions: ["fs:read:.", "fs:write:.", "shell:*"]
  steps:
${steps}`;

  test('[HYG-5] order, needs, conditions and parallel groups hold, and steps share only inputs and outputs', async () => {
    const place = temporaryPlace({
      'w.yaml': workflow(`    - { id: last, needs: [both], run: "cat order" }
    - { id: first, run: "export LEFT=over; cd /; echo first >> \\"$OLDPWD/order\\"; echo 7" }
    - id: both
      needs: [first]
      parallel:
        - { id: left, run: "touch left; while [ ! -e right ]; do sleep 0.05; done; echo \${LEFT:-nothing}", timeout: 30s }
        - { id: right, run: "touch right; while [ ! -e left ]; do sleep 0.05; done; pwd", timeout: 30s }
    - { id: never, if: "\${{ steps.first.output.code != 0 }}", run: "echo never >> order" }
    - { id: given, needs: [last], env: { N: "\${{ steps.first.output.stdout }}" }, run: "echo $N" }
`),
    });
    const { code, stdout } = await place.cadre('run', './w.yaml', '--yes', '--json');
    expect(code).toBe(0);
    const { steps } = JSON.parse(stdout);
    const said = (id: string) => steps.find(({ step }: Step) => step === id)?.output?.stdout;
    expect(said('last')).toBe('first\n');
    expect(said('both/left')).toBe('nothing\n');
    expect(said('both/right')).toBe(`${place.folder}\n`);
    expect(said('given').trim()).toBe('7');
    expect(steps.find(({ step }: Step) => step === 'never')).toMatchObject({
      status: 'skipped',
      reason: 'if',
    });
  });

  test('[HYG-5] configuration and workflow are those of the start, whatever a step does to their files', async () => {
    const place = temporaryPlace({
      'cadre.yaml': 'policy: { deny: ["fs:write:kept"] }\n',
      'w.yaml': workflow(`    - { id: change, run: "rm cadre.yaml; echo broken > w.yaml" }
    - { id: write, needs: [change], uses: files/write, with: { path: kept/a, content: x } }
`),
    });
    const { code, stdout } = await place.cadre('run', './w.yaml', '--yes', '--json');
    expect(code).not.toBe(0);
    const { steps } = JSON.parse(stdout);
    expect(wanted({ steps } as Ran)).toEqual(['change succeeded', 'write failed']);
    expect(existsSync(join(place.folder, 'cadre.yaml'))).toBe(false);
    expect(existsSync(join(place.folder, 'kept'))).toBe(false);
  });
});

describe('leases', () => {
  test('[HYG-32] release --force breaks the lease of a holder who lives and leaves an entry in the audit log', async () => {
    const place = temporaryPlace({
      'w.yaml': `apiVersion: cadre/v1
kind: Workflow
metadata: { name: sample }
spec:
  permissions: ["fs:read:.", "fs:write:.", "shell:*"]
  steps: [{ id: wait, run: "touch begun; while [ ! -e go ]; do sleep 0.05; done" }]
`,
    });
    const running = place.cadre('run', './w.yaml', '--yes');
    await expect.poll(() => existsSync(join(place.folder, 'begun')), { timeout: 20_000 }).toBe(true);
    expect((await place.cadre('lock', 'show')).stdout).toContain('workflow:sample');
    expect(await place.cadre('lock', 'release', 'workflow:sample')).toMatchObject({ code: 3 });
    expect(await place.cadre('lock', 'release', 'workflow:sample', '--force')).toMatchObject({ code: 0 });
    expect((await place.cadre('lock', 'show')).stdout).not.toContain('workflow:sample');
    const records = (await place.cadre('audit', 'export')).stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(records).toContainEqual(
      expect.objectContaining({
        action: 'lock',
        operation: 'release',
        target: 'workflow:sample',
        decision: 'allowed',
        rule: 'forced by the owning user',
      }),
    );
    expect(await place.cadre('audit', 'verify')).toMatchObject({ code: 0 });
    place.write({ go: '' });
    await running;
  });
});
