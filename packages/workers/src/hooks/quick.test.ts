import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryRepository } from '../testing/temporary-repository.ts';
import { hooksWorker, localHooks, runHooksIn, stagedContent } from './testing.ts';

const PACKAGE = '{ "type": "module", "scripts": { "test": "node --test" } }\n';
const testOf = (text: string) => `import { test } from 'node:test';\ntest('one', () => {${text}});\n`;
const CONFIG = '.pre-commit-config.yaml';

test('[HYG-41] without configuration the profile quick runs on what is staged, and stages its fixes', async () => {
  const repository = temporaryRepository({ 'package.json': PACKAGE, 'old.js': 'const old = 1;   \n' });
  const lines = Array.from({ length: 20 }, (_, index) => `export const v${index} = ${index};`).join('\n');
  repository.write('a.js', `const a = 1;   \n${lines}\n`);
  repository.write('a.test.js', testOf(''));
  repository.git('add', '--all');
  repository.write('a.js', `const a = 1;   \n${lines}\nconst mine = 1;   \n`);
  repository.write('b.js', 'const b = 1;   \n');

  const run = await runHooksIn(repository);

  expect(run).toMatchObject({ code: undefined, report: { metrics: { passed: 3, failed: 0 } } });
  expect(['format', 'lint', 'test'].map((id) => run.hook(id)?.source)).toEqual(
    Array(3).fill('profile quick'),
  );
  expect(run.hook('format')).toMatchObject({ status: 'passed', changed: ['a.js'] });
  expect(stagedContent(repository, 'a.js')).toBe(`const a = 1;\n${lines}\n`);
  const work = (name: string) => readFileSync(join(repository.path, name), 'utf8');
  expect(work('a.js')).toBe(`const a = 1;\n${lines}\nconst mine = 1;   \n`);
  expect(work('b.js')).toBe('const b = 1;   \n');
  expect(work('old.js')).toBe('const old = 1;   \n');
});

test('[HYG-41] a test that fails as it is staged refuses, whatever the work tree holds', async () => {
  const repository = temporaryRepository({ 'package.json': PACKAGE });
  // A test that asks git must not see the repository that is committed to.
  repository.write(
    'a.test.js',
    testOf(' if (process.env.GIT_DIR) throw new Error("leaked"); throw new Error("staged"); '),
  );
  repository.git('add', '--all');
  repository.write('a.test.js', testOf(''));
  const run = await runHooksIn(repository);
  expect(run.code).toBe('hooks_failed');
  expect(run.hook('test')).toMatchObject({ status: 'failed', output: expect.stringContaining('1 failed') });
  expect(run.message).toContain('the first to fail is one');
  expect(stagedContent(repository, 'a.test.js')).toContain('staged');
});

test('[HYG-41] where a configuration calls Cadre the profile runs in the place of that entry', async () => {
  const local = localHooks(
    { id: 'first', name: 'first', entry: 'true', language: 'system', always_run: true },
    { id: 'cadre', name: 'cadre', entry: 'false', language: 'system', always_run: true },
    { id: 'last', name: 'last', entry: 'true', language: 'system', always_run: true },
  );
  const repository = temporaryRepository({ [CONFIG]: local });
  repository.write('a.js', 'const a = 1;   \n');
  repository.git('add', '--all');
  const { report } = await runHooksIn(repository, {
    quick: { steps: ['format', 'dump'], exclude: ['b.js'] },
  });
  expect(report?.hooks.map(({ id, status }) => [id, status])).toEqual([
    ['first', 'passed'],
    ['format', 'passed'],
    ['dump', 'skipped'],
    ['last', 'passed'],
  ]);
  expect(report?.skipped).toMatchObject([{ tool: 'dump', reason: 'unsupported' }]);
  expect(stagedContent(repository, 'a.js')).toBe('const a = 1;\n');
});

test('[HYG-41] nothing staged is nothing to do, and a plan shows the fixes without making them', async () => {
  const repository = temporaryRepository({ 'a.js': 'const a = 1;\n' });
  expect((await runHooksIn(repository)).report?.metrics).toMatchObject({ skipped: 3, failed: 0 });
  repository.write('a.js', 'const a = 1;   \n');
  repository.git('add', '--all');
  const planned = await hooksWorker.run('run', {}, { workspace: repository.path, mode: 'preview' });
  expect(planned.effects).toMatchObject([{ kind: 'file', change: 'modified', path: 'a.js' }]);
  expect(stagedContent(repository, 'a.js')).toBe('const a = 1;   \n');
});
