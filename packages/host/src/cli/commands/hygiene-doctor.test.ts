import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isOlder } from '../doctor/step-tools.ts';
import { type TemporaryPlace, temporaryPlace } from '../testing/temporary-place.ts';

const PRETTIER = { 'package.json': '{ "prettier": {} }', 'a.js': 'const a = 1;\n' };

interface Report {
  readonly steps: readonly {
    readonly step: string;
    readonly state: string;
    readonly tools: readonly { readonly name: string; readonly state: string }[];
    readonly settings: readonly { readonly name: string; readonly value: unknown; readonly origin: string }[];
  }[];
  readonly checks: readonly { readonly what: string }[];
}

/** A program of the repository that says which version it is. */
function installed(place: TemporaryPlace, path: string, version: string): void {
  place.write({ [path]: `#!/bin/sh\necho ${version}\n` });
  chmodSync(join(place.folder, path), 0o755);
}

async function examine(place: TemporaryPlace, args: readonly string[] = [], env = {}) {
  const { code, stdout } = await place.cadreWith(env, 'hygiene', 'doctor', '--json', ...args);
  const report = JSON.parse(stdout) as Report;
  return { code, report, find: (step: string) => report.steps.find((one) => one.step === step) };
}

describe('cadre hygiene doctor', () => {
  test('says of each step what it works with and what is settled, with versions and origins [HYG-13]', async () => {
    const place = temporaryPlace({ ...PRETTIER, 'cadre.yaml': 'hygiene:\n  keepBackups: 3\n' });
    installed(place, 'node_modules/.bin/prettier', '3.6.2');
    const { code, report, find } = await examine(place, [], { CADRE_HYGIENE__COMMIT_SCOPE: 'all' });
    expect(code).toBe(0);
    expect(find('format')).toMatchObject({
      state: 'ok',
      tools: [{ name: 'prettier', state: 'found', version: '3.6.2' }],
    });
    expect(find('commit')?.tools).toContainEqual(expect.objectContaining({ name: 'git', state: 'found' }));
    const settings = report.steps.flatMap((step) => step.settings);
    expect(settings).toContainEqual({
      name: 'keepBackups',
      value: 3,
      origin: expect.stringMatching(/cadre\.yaml:2$/),
    });
    expect(settings).toContainEqual({
      name: 'commitScope',
      value: 'all',
      origin: 'CADRE_HYGIENE__COMMIT_SCOPE',
    });
    expect(settings).toContainEqual({ name: 'coverage', value: 85, origin: 'default' });
    expect(report.checks.map(({ what }) => what)).toEqual(expect.arrayContaining(['git', 'disk']));
  });

  test('a tool that is wanted and not there is a warning with the way to get it [HYG-13]', async () => {
    const { code, find } = await examine(temporaryPlace(PRETTIER), ['--steps', 'format']);
    expect(code).toBe(0);
    expect(find('format')).toMatchObject({
      state: 'warning',
      tools: [{ name: 'prettier', state: 'missing', install: 'npm install --save-dev prettier' }],
    });
  });

  test('a tool that is too old makes its step impossible: exit 5, if the step was chosen [HYG-13]', async () => {
    const place = temporaryPlace(PRETTIER);
    installed(place, 'node_modules/.bin/prettier', '2.8.8');
    const { code, find } = await examine(place, ['--steps', 'format']);
    expect(code).toBe(5);
    expect(find('format')).toMatchObject({
      state: 'missing',
      tools: [{ name: 'prettier', state: 'too_old', version: '2.8.8', minimum: '3.0.0' }],
    });
    const other = await examine(place, ['--steps', 'backup']);
    expect(other).toMatchObject({ code: 0, report: { steps: [{ step: 'backup' }] } });
  });

  test('a step is shown with the programs that its action calls, and no others of the worker [HYG-13]', async () => {
    const { find } = await examine(temporaryPlace(PRETTIER));
    const names = (find('docs')?.tools ?? []).map(({ name }) => name);
    expect(names).toEqual(['git', 'typedoc', 'sphinx-build', 'mkdocs']);
  });

  test('steps that are switched off are not looked at', async () => {
    const place = temporaryPlace({});
    expect((await examine(place)).find('audit')).toBeUndefined();
    expect((await examine(place, ['--profile', 'full'])).find('audit')).toBeDefined();
  });

  test('--repair shows what it would install, and installs it with --yes [HYG-13]', async () => {
    // A package manager that needs no network.
    const npm = `#!/bin/sh
mkdir -p node_modules/.bin
printf '#!/bin/sh\\necho 3.6.2\\n' > node_modules/.bin/prettier
chmod +x node_modules/.bin/prettier
`;
    const place = temporaryPlace({ ...PRETTIER, 'tools/npm': npm });
    chmodSync(join(place.folder, 'tools/npm'), 0o755);
    const env = { PATH: `${join(place.folder, 'tools')}:${process.env['PATH']}` };
    const args = ['hygiene', 'doctor', '--steps', 'format', '--repair'];
    const shown = await place.cadreWith(env, ...args);
    expect(shown.stdout).toContain('npm install --save-dev prettier');
    expect(shown.stdout).toContain('Nothing was installed');
    const { code, stdout } = await place.cadreWith(env, ...args, '--yes');
    expect(code).toBe(0);
    expect(readFileSync(join(place.folder, 'node_modules/.bin/prettier'), 'utf8')).toContain('3.6.2');
    expect(stdout).toContain('prettier 3.6.2');
  });

  test('versions are compared part by part', () => {
    expect(isOlder('2.9.1', '2.26')).toBe(true);
    expect(isOlder('2.26', '2.26')).toBe(false);
    expect(isOlder('2.39.5', '2.26')).toBe(false);
    expect(isOlder('10.0', '9.1.2')).toBe(false);
  });
});

describe('cadre hygiene init', () => {
  test('shows what it would write, writes it, and changes nothing the second time [HYG-14]', async () => {
    const place = temporaryPlace(PRETTIER);
    const file = join(place.folder, 'cadre.yaml');
    const shown = await place.cadre('hygiene', 'init');
    expect(shown.stdout).toMatch(/tools +prettier/);
    expect(shown.stdout).toContain('Nothing was written');
    expect(() => readFileSync(file)).toThrow();
    expect(await place.cadre('hygiene', 'init', '--yes')).toMatchObject({ code: 0 });
    const written = readFileSync(file, 'utf8');
    expect(shown.stdout).toContain(written);
    expect(await place.cadre('config', 'check')).toMatchObject({ code: 0 });
    expect(await place.cadre('hygiene', 'init', '--yes')).toMatchObject({ code: 0 });
    expect(readFileSync(file, 'utf8')).toBe(written);
  });

  test('existing settings and comments are kept, and what is missing is added [HYG-14]', async () => {
    const ours = '# ours\nhygiene:\n  coverage: 12 # low\n';
    const place = temporaryPlace({ 'cadre.yaml': ours });
    await place.cadre('hygiene', 'init', '--yes');
    const written = readFileSync(join(place.folder, 'cadre.yaml'), 'utf8');
    expect(written.startsWith(ours)).toBe(true);
    expect(written).toContain('requireTests: false');
  });

  test('where there are no tests, the profiles that would need them do without [HYG-14]', async () => {
    const place = temporaryPlace({});
    await place.cadre('hygiene', 'init', '--yes');
    const { stdout } = await place.cadre('hygiene', 'profiles', '--json');
    expect(JSON.parse(stdout).profiles.ci.steps).not.toContain('test');
  });

  test('offers the hook and a file for the continuous integration that it finds [HYG-14]', async () => {
    const place = temporaryPlace({ '.github/workflows/build.yml': 'on: push\n' });
    const shown = await place.cadre('hygiene', 'init');
    expect(shown.stdout).toContain('GitHub Actions (.github/workflows/build.yml)');
    expect(shown.stdout).toContain('pre-commit hook');
    await place.cadre('hygiene', 'init', '--hook', '--ci');
    const ci = readFileSync(join(place.folder, '.github/workflows/hygiene.yml'), 'utf8');
    expect(ci).toContain('--profile ci');
    expect(readFileSync(join(place.folder, '.git/hooks/pre-commit'), 'utf8')).toContain('cadre');
    expect(() => readFileSync(join(place.folder, 'cadre.yaml'))).toThrow();
    const again = await place.cadre('hygiene', 'init', '--hook', '--ci');
    expect(again.stdout).toContain('Nothing was written');
  });
});
