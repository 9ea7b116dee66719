import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { describeSandboxed } from '../../test/sandboxed.ts';
import { tryCli } from './testing.ts';

let place = '';
let root = '';
beforeEach(() => {
  place = realpathSync(mkdtempSync(join(tmpdir(), 'cadre-cache-')));
  root = join(place, 'repository');
  put('package.json', '{ "type": "module" }\n');
  put('a.js', 'export const a = 1;\n');
  put(
    'a.test.js',
    "import assert from 'node:assert';\nimport { test } from 'node:test';\n\nimport { a } from './a.js';\n\ntest('one', () => assert.equal(a, 1));\n",
  );
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, stdio: 'pipe' });
  git('init', '--quiet', '--initial-branch=work');
  git('add', '--all');
  git('-c', 'user.name=T', '-c', 'user.email=t@example.org', 'commit', '--quiet', '-m', 'start');
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

const cadre = (...argv: string[]) => tryCli(argv, { cwd: root, env: { CADRE_HOME: join(place, 'home') } });

interface Row {
  readonly id: string;
  readonly cached?: true;
  readonly cachedFrom?: string;
}

const ALL = ['--profile', 'quick', '--no-only-changed', '--yes'];

/** The run, and which steps of it were answered from which. */
async function quick(...more: string[]) {
  const { stdout, stderr } = await cadre('hygiene', ...ALL, '--json', ...more);
  const { run, status, steps } = JSON.parse(stdout) as { run: string; status: string; steps: readonly Row[] };
  expect(status, stderr + stdout).toBe('succeeded');
  const cached = steps.filter((step) => step.cached === true);
  return { run, cached: Object.fromEntries(cached.map(({ id, cachedFrom }) => [id, cachedFrom])) };
}

describeSandboxed('an unchanged run', () => {
  test('[HYG-39] is answered from the one before and says `cached`, in the run, in show and in the journal', async () => {
    const first = await quick();
    expect(first.cached).toEqual({});
    const second = await quick();
    expect(second.cached).toEqual({ format: first.run, lint: first.run, test: first.run });
    expect((await cadre('show')).stdout).toMatch(/Test .* cached: 1 passed/);
    const events = (await cadre('show', '--events', '--json')).stdout.trim().split('\n');
    expect(events.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ type: 'step.succeeded', step: 'lint', cached: true, cachedFrom: first.run }),
    );
    expect((await cadre('audit', 'verify')).code).toBe(0);
  });

  test('[HYG-39] what changed is done again, and only that [WRK-126]', async () => {
    await quick();
    put('b.js', 'export const b = 2;\n');
    expect((await quick()).cached).toEqual({});
    put('b.js', 'export const b = 2;  \n');
    // The formatter is run and brings back the files that the others have seen before.
    expect(Object.keys((await quick()).cached)).toEqual(['lint', 'test']);
    expect(readFileSync(join(root, 'b.js'), 'utf8')).toBe('export const b = 2;\n');
    put('cadre.yaml', 'cache: { enabled: false }\n');
    expect((await quick()).cached).toEqual({});
  });

  test('[WRK-126] --no-cache does everything, also in a rerun; --coverage is another input', async () => {
    const { run } = await quick();
    expect((await quick('--no-cache')).cached).toEqual({});
    expect(Object.keys((await quick('--coverage', '1')).cached)).toEqual(['format', 'lint']);
    const { stdout } = await cadre('rerun', run, '--from', 'lint', '--yes', '--json');
    const { stdout: shown } = await cadre('show', '--json');
    expect(stdout + shown).not.toContain('"cached":true');
  });

  test('[WRK-126] cadre cache lists what is kept and throws it away by tag', async () => {
    const { run } = await quick();
    const { results } = JSON.parse((await cadre('cache', 'list', '--json')).stdout) as {
      results: readonly { action: string; run: string; tags: readonly string[] }[];
    };
    expect(results.map(({ action }) => action).sort()).toEqual(['code/format', 'code/lint', 'test/run']);
    expect(results.every((one) => one.run === run && one.tags.includes('workflow:hygiene'))).toBe(true);
    expect((await cadre('cache', 'list')).stdout).toContain('worker:code');
    expect((await cadre('cache', 'clear', '--tag', 'worker:code')).stdout).toBe(
      '2 kept results with the tag worker:code thrown away\n',
    );
    expect(Object.keys((await quick()).cached)).toEqual(['test']);
    expect((await cadre('cache', 'clear')).stdout).toBe('3 kept results thrown away\n');
    expect((await cadre('cache', 'list')).stdout).toBe('No results are kept.\n');
  });

  test('[HYG-39] --timings tells steps, tools and classes of files beside the median of earlier runs', async () => {
    await quick('--no-cache');
    const { stdout } = await cadre(...['hygiene', ...ALL, '--no-cache', '--timings', '--json']);
    const { timings, tools, fileClasses } = JSON.parse(stdout);
    const compared = { durationMs: expect.any(Number), medianMs: expect.any(Number) };
    expect(timings.map(({ step }: { step: string }) => step)).toEqual(['format', 'lint', 'test']);
    expect(timings[0]).toMatchObject(compared);
    expect(tools).toContainEqual({ name: 'node', count: 1, ...compared });
    expect(fileClasses.map(({ name }: { name: string }) => name).sort()).toEqual([
      'javascript',
      'json',
      'tests',
    ]);
    await quick();
    await quick();
    const shown = (await cadre('show', '--timings')).stdout;
    expect(shown).toMatch(/Lint .* cached/);
    expect(shown).toContain('median before');
  });
});

describeSandboxed('a step of an own workflow', () => {
  const workflow = (key: string) => `apiVersion: cadre/v1
kind: Workflow
metadata: { name: own }
spec:
  permissions: ["fs:read:.", "fs:write:.", "shell:*"]
  steps:
    - id: count
      run: printf x >> "$TMPDIR/n"; date +%N
      cache: { key: "${key}", ttl: 1h, tags: [mine] }
  outputs: { text: "\${{ steps.count.output.stdout }}" }
`;
  const run = async (key: string, ...more: string[]) => {
    put('.cadre/workflows/own.yaml', workflow(key));
    const { stdout, stderr } = await cadre('run', 'own', '--yes', '--json', ...more);
    expect(stderr).toBe('');
    return (JSON.parse(stdout) as { output: { text: string } }).output.text;
  };

  test('[WRK-30] [WRK-126] is answered under the key that its author chose, by tag thrown away', async () => {
    const first = await run('a');
    expect(await run('a')).toBe(first);
    expect(await run('b')).not.toBe(first);
    expect(await run('a', '--no-cache')).not.toBe(first);
    expect(await run('a')).toBe(first);
    expect((await cadre('cache', 'clear', '--tag', 'mine')).stdout).toContain('2 kept results');
    expect(await run('a')).not.toBe(first);
  });
});
