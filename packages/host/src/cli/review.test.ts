import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import { describeSandboxed } from '../../test/sandboxed.ts';
import { REVIEW_POINTS } from '../ports/package-facts.ts';
import { type TemporaryPlace, temporaryPlace } from './testing/temporary-place.ts';

const MANIFEST = `id: greeter
version: 1.0.0
description: Says hello
licence: MIT
engines: { cadre: '>=0.1.0' }
capabilities: [actions]
permissions: []
entrypoint: main.js
actions:
  - name: greet
    description: Says hello
    effects: [none]
    input: { type: object }
    output: { type: object }
    examples: [{ input: {}, output: {} }]
`;

const MAIN = `import { defineWorker } from '@cadre/sdk';
import { serve } from '@cadre/sdk/worker';
export const worker = defineWorker({ id: 'greeter', actions: { greet: async () => ({}) } });
if (import.meta.main) serve(worker);
`;

const PATIENT = 120_000;

let place: TemporaryPlace;
beforeEach(() => {
  place = temporaryPlace({
    'greeter/worker.yaml': MANIFEST,
    'greeter/main.js': MAIN,
    'greeter/package.json': '{ "type": "module" }',
    'greeter/README.md': '# greeter\n\n`greeter/greet` says hello.\n',
  });
});

async function packed(...options: readonly string[]) {
  const { stdout, stderr } = await place.cadre('worker', 'pack', 'greeter', '--json', ...options);
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout).packed as { file: string; digest: string; provenance?: Record<string, unknown> };
}

const FILE = 'greeter-1.0.0.tgz';

describe('provenance of a package', () => {
  test('[WRK-8] is the commit that changed the folder last, noted when it is wanted and never by itself', async () => {
    const plain = await packed();
    const bytes = readFileSync(plain.file);
    place.git('remote', 'add', 'origin', 'https://ann:pa55word@example.org/ann/greeter.git');
    const commit = place.git('rev-parse', 'HEAD');
    const first = await packed('--provenance');
    expect(first.provenance).toEqual({
      commit,
      at: expect.stringMatching(/^\d{4}-.*Z$/),
      dirty: false,
      repository: 'example.org/ann/greeter',
    });
    expect(gunzipSync(readFileSync(first.file)).includes('pa55word')).toBe(false);
    place.write({ 'elsewhere.txt': 'x' });
    place.git('add', '--all');
    place.git('commit', '--quiet', '--message', 'elsewhere');
    // What lies beside it because it was packed and reviewed before is no part of it.
    place.write({ 'greeter/greeter-1.0.0.tgz': 'x', 'greeter/greeter-1.0.0.tgz.reviews': 'x' });
    expect(await packed('--provenance')).toEqual(first);
    expect((await packed()).digest).toBe(plain.digest);
    expect(readFileSync(plain.file)).toEqual(bytes);

    place.write({ 'greeter/more.txt': 'x' });
    expect((await packed('--provenance')).provenance).toMatchObject({ commit, dirty: true });
    const shown = await place.cadre('worker', 'review', FILE);
    expect(shown.stdout).toContain(`made from ${commit.slice(0, 12)} of example.org/ann/greeter`);
    expect(shown.stdout).toContain('with changes that were not committed');
  });

  test('where there is no commit it is refused, with what to do', async () => {
    place.write({ 'fresh/worker.yaml': MANIFEST, 'fresh/main.js': MAIN });
    const refused = await place.cadre('worker', 'pack', 'fresh', '--provenance');
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('pack it without --provenance'),
    });
  });
});

describe('a review of a package', () => {
  test('[WRK-24] shows what a program sees and what a person has to make sure of, and signs nothing by itself', async () => {
    await packed();
    const shown = await place.cadre('worker', 'review', FILE);
    expect(shown.code).toBe(0);
    for (const { id, says } of REVIEW_POINTS) expect(shown.stdout).toMatch(new RegExp(`${id} +${says}`));
    const headless = await place.cadre('worker', 'review', FILE, '--sign');
    expect(headless).toMatchObject({ code: 4, stderr: expect.stringContaining('nobody could be asked') });
    expect(await place.cadre('worker', 'review', FILE, '--sign', '--accept', 'f'.repeat(16))).toMatchObject({
      code: 4,
    });
    expect(await place.cadre('worker', 'review', FILE, '--sign', '--accept', 'f')).toMatchObject({ code: 2 });
    expect((await place.cadre('worker', 'review', 'missing.tgz')).code).not.toBe(0);
    expect((await place.cadre('worker', 'review', 'greeter/main.js')).stderr).toContain('[invalid_package]');
    const kept = await place.cadre('worker', 'review', FILE, '--json');
    expect(JSON.parse(kept.stdout)).toMatchObject({ id: 'greeter', reviews: [] });
  });

  test('[WRK-24] counts for this content alone, and only with the signature of its key', async () => {
    const { digest } = await packed();
    const accept = ['--sign', '--accept', digest.slice(0, 16)];
    expect((await place.cadre('worker', 'review', FILE, ...accept, '--note', 'first')).code).toBe(0);
    expect((await place.cadre('worker', 'review', FILE, ...accept, '--note', 'again')).code).toBe(0);
    const reviews = async () =>
      JSON.parse((await place.cadre('worker', 'review', FILE, '--json')).stdout).reviews as object[];
    expect(await reviews()).toMatchObject([
      { name: 'you', note: 'again', points: REVIEW_POINTS.map(({ id }) => id) },
    ]);
    const file = join(place.folder, `${FILE}.reviews`);
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, `no statement\n${text.replace('again', 'never')}${text.replace('purpose', 'magic')}`);
    expect(await reviews()).toEqual([]);
    writeFileSync(file, text);
    expect(await reviews()).toHaveLength(1);
    place.write({ 'greeter/main.js': `${MAIN}// more\n` });
    await packed();
    expect(await reviews()).toEqual([]);
  });

  test('[WRK-24] asks for every point, and one that is not so is enough to sign nothing', async () => {
    await packed();
    const yes = REVIEW_POINTS.map(({ says }) => [new RegExp(says.slice(0, 20)), 'y\r'] as const);
    const answered = await place.cadreTyping(yes, 'worker', 'review', FILE, '--sign');
    expect(answered.stdout).toContain('give it along with the package');
    const doubtful = yes.map(([question], index) => [question, index === 2 ? 'n\r' : 'y\r'] as const);
    const refused = await place.cadreTyping(doubtful.slice(0, 3), 'worker', 'review', FILE, '--sign');
    expect(refused).toMatchObject({
      code: 4,
      stderr: expect.stringContaining(`not: ${REVIEW_POINTS[2]?.says}`),
    });
  });

  test('[WRK-24] the page for reviewers has every point', () => {
    const guide = join(import.meta.dirname, '../../../../docs/guide/worker-packages.md');
    const page = readFileSync(guide, 'utf8');
    for (const { id } of REVIEW_POINTS) expect(page).toContain(`| \`${id}\` |`);
  });
});

describeSandboxed('a package that somebody has reviewed', () => {
  test(
    '[WRK-8] [WRK-24] is shown with reviewer, commit and licences before and after it is installed',
    async () => {
      place.write({
        'greeter/package.json': '{ "type": "module", "dependencies": { "one": "1.0.0" } }',
        'greeter/package-lock.json': JSON.stringify({
          packages: {
            'node_modules/one': { version: '1.0.0' },
            'node_modules/@odd/two': { version: '2.0.0' },
            'node_modules/dev': { version: '3.0.0', dev: true },
          },
        }),
        'greeter/node_modules/one/package.json': '{ "name": "one", "version": "1.0.0", "license": "ISC" }',
        'greeter/node_modules/@odd/two/package.json': '{ "name": "@odd/two", "version": "2.0.0" }',
        'greeter/node_modules/dev/package.json': '{ "name": "dev", "version": "3.0.0", "license": "GPL" }',
        '.gitignore': 'node_modules\n*.tgz\n*.reviews\n',
      });
      place.git('add', '--all');
      place.git('commit', '--quiet', '--message', 'depends');
      const { digest } = await packed('--provenance');
      await place.cadre(
        'worker',
        'review',
        FILE,
        '--sign',
        '--accept',
        digest.slice(0, 16),
        '--note',
        'read it',
      );

      // Somebody else, who trusts nobody yet.
      const home = join(place.home, 'other');
      const other = (...argv: string[]) => place.cadreWith({ CADRE_HOME: home }, ...argv);
      const offered = await other('worker', 'add', FILE);
      expect(offered.stdout).toMatch(
        /reviewed +[0-9a-f]{32}, whom you do not trust, .* purpose, .*: read it/,
      );
      const { key } = JSON.parse((await place.cadre('worker', 'key', '--json')).stdout);
      await other('worker', 'trust', 'add', key, 'ann');
      expect((await other('worker', 'add', FILE)).stdout).toMatch(/reviewed +ann \([0-9a-f]{32}\)/);
      const added = await other('worker', 'add', FILE, '--accept', digest.slice(0, 16));
      expect(added.stderr).toBe('');
      const shown = await other('worker', 'show', 'greeter');
      expect(shown.stdout).toMatch(/Made from [0-9a-f]{12}, /);
      expect(shown.stdout).toContain('Reviewed by ann');
      const shelf = join(place.home, 'shelf');
      await other('worker', 'bundle', '--to', shelf);
      expect((await place.cadre('worker', 'review', join(shelf, FILE))).stdout).toContain('reviewed  you (');
      const licences = await other('worker', 'list', '--licences');
      expect(licences.stdout).toMatch(/greeter +one +1\.0\.0 +ISC/);
      expect(licences.stdout).not.toContain('GPL');
      expect(licences.stdout).toContain('1 licence unknown: @odd/two');
      expect((await other('audit', 'export', '--action', 'packages')).stdout).toContain('"reviewers":["');
    },
    PATIENT,
  );

  test('[WRK-8] where all workers came with Cadre there is nothing to report', async () => {
    const { stdout } = await place.cadre('worker', 'list', '--licences');
    expect(stdout).toContain('All workers here came with Cadre');
  });
});
