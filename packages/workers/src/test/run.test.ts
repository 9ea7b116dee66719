import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkedWorker } from '../testing/checked-worker.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { temporaryRepository } from '../testing/temporary-repository.ts';
import type { RunReport } from './run.ts';
import { worker } from './worker.ts';

const tests = checkedWorker(import.meta.dirname, worker);

const node = (script: string, files: Readonly<Record<string, string>> = {}) =>
  temporaryRepository({
    'package.json': '{ "scripts": { "test": "node --test" } }',
    'a.test.mjs': `import { test } from 'node:test';\nimport { one } from './one.mjs';\n${script}\n`,
    'one.mjs': 'export function one() { return 1; }\nexport function two() {\n  return 2;\n}\n',
    ...files,
  });

test('[HYG-21] below the floor the step fails with both numbers, and the change since the last run is told', async () => {
  const repository = node("test('a', () => one());");
  const options = { workspace: repository.path, dataDir: temporaryFolder() };

  const failed = await tests.fail('run', { coverage: 100 }, options);
  repository.write(
    'a.test.mjs',
    "import { test } from 'node:test';\nimport { one, two } from './one.mjs';\ntest('a', () => one() + two());\n",
  );
  const report = await tests.succeed<RunReport>('run', { coverage: 100 }, options);

  const { lines } = failed.details as { lines: number };
  expect(failed).toMatchObject({ code: 'coverage_below_floor', details: { floor: 100 } });
  expect(lines).toBeGreaterThan(0);
  expect(lines).toBeLessThan(100);
  expect(report.tests.coverage).toEqual({
    lines: 100,
    floor: 100,
    change: Math.round((100 - lines) * 100) / 100,
  });
});

test('[HYG-8] no tests at all is unverified, and a failure where tests are required', async () => {
  const repository = temporaryRepository({ 'a.txt': '' });
  const options = { workspace: repository.path };

  const report = await tests.succeed<RunReport>('run', {}, options);

  expect(report).toMatchObject({ summary: 'no tests were found', tests: { status: 'unverified', total: 0 } });
  expect(await tests.fail('run', { required: true }, options)).toMatchObject({ code: 'unverified' });
});

test('tests that are all skipped are unverified', async () => {
  const repository = node("test.skip('a', () => one());");
  const report = await tests.succeed<RunReport>('run', {}, { workspace: repository.path });
  expect(report.tests).toMatchObject({ status: 'unverified', skipped: 1 });
});

test('[HYG-4] a runner that is missing is skipped with its install command, and a failure where tests are required', async () => {
  const repository = temporaryRepository({
    'package.json': '{ "devDependencies": { "jest": "30.0.0" } }',
    'yarn.lock': '',
  });
  const options = { workspace: repository.path };

  expect(await tests.fail('run', {}, options)).toMatchObject({
    code: 'step_skipped',
    details: { reason: 'tool_missing' },
    hint: 'yarn install',
  });
  expect(await tests.fail('run', { required: true }, options)).toMatchObject({ code: 'unverified' });
});

test('[HYG-38] a runner that ends without a report fails with its last lines and the command to repeat it', async () => {
  const repository = temporaryRepository({ 'pytest.ini': '[pytest]\n', '.gitignore': '.venv\n' });
  const lines = Array.from({ length: 30 }, (_, index) => `line ${index}`);
  repository.write(
    '.venv/bin/pytest',
    `#!/bin/sh\nprintf '%s\\n' ${lines.map((line) => `'${line}'`).join(' ')}\nexit 3\n`,
  );
  chmodSync(join(repository.path, '.venv/bin/pytest'), 0o755);

  const failed = await tests.fail('run', {}, { workspace: repository.path });

  expect(failed).toMatchObject({
    code: 'no_report',
    hint: expect.stringContaining('pytest'),
    details: { exitCode: 3, lastLines: lines.slice(-20) },
  });
});

test('a report of an earlier run is never taken for that of this one', async () => {
  const repository = node("test('a', () => one());");
  const options = { workspace: repository.path, dataDir: temporaryFolder() };
  await tests.succeed('run', {}, options);
  repository.write('package.json', '{ "scripts": { "test": "node --no-such-option --test" } }');

  expect(await tests.fail('run', {}, options)).toMatchObject({ code: 'no_report' });
});

test('a run whose tests pass and that ends badly all the same has failed', async () => {
  const repository = temporaryRepository({ 'pytest.ini': '[pytest]\n', '.gitignore': '.venv\n' });
  const report = '<testsuites><testsuite><testcase name="a" classname=""/></testsuite></testsuites>';
  repository.write(
    '.venv/bin/pytest',
    `#!/bin/sh\nfor a in "$@"; do case "$a" in --junitxml=*) echo '${report}' > "\${a#--junitxml=}";; esac; done\necho boom >&2\nexit 1\n`,
  );
  chmodSync(join(repository.path, '.venv/bin/pytest'), 0o755);

  expect(await tests.fail('run', {}, { workspace: repository.path })).toMatchObject({
    code: 'tests_failed',
    details: {
      tests: { passed: 1, failed: 1, failures: [{ name: 'pytest (exit code 1)', message: 'boom' }] },
    },
  });
});

test('[HYG-21] every runner of a mixed repository runs, each where it is at home, and the results are one', async () => {
  const repository = temporaryRepository({
    'web/package.json': '{ "scripts": { "test": "node --test" } }',
    'web/a.test.mjs': "import { test } from 'node:test';\ntest('in web', () => {});\n",
    'server/package.json': '{ "scripts": { "test": "node --test" } }',
    'server/b.test.mjs':
      "import { test } from 'node:test';\ntest('in server', () => { throw new Error('no'); });\n",
    'web/fixtures/package.json': '{ "scripts": { "test": "node --test" } }',
    'tool/package.json': '{ "devDependencies": { "jest": "30" } }',
  });

  const failed = await tests.fail('run', {}, { workspace: repository.path });

  expect(failed).toMatchObject({
    code: 'tests_failed',
    details: {
      tests: {
        passed: 1,
        failed: 1,
        runners: ['node'],
        failures: [{ name: 'in server', file: 'server/b.test.mjs' }],
      },
      skipped: [{ tool: 'jest', reason: 'tool_missing' }],
    },
  });
});

test('[HYG-22] only tests that a change may affect are run', async () => {
  const repository = node("test('a', () => one());", {
    'b.test.mjs': "import { test } from 'node:test';\ntest('b', () => {});\n",
    'README.md': '',
  });
  const options = { workspace: repository.path };
  const run = (changed: string[]) => tests.succeed<RunReport>('run', { select: { changed } }, options);

  expect((await run(['b.test.mjs'])).tests.passed).toBe(1);
  expect((await run(['one.mjs'])).tests.passed).toBe(2);
  expect(await tests.fail('run', { select: { changed: ['README.md'] } }, options)).toMatchObject({
    code: 'step_skipped',
    details: { reason: 'nothing_to_do' },
  });
});

test('[HYG-22] a test that fails and then passes is reported as flaky, one that fails twice has failed', async () => {
  const flag = join(temporaryFolder(), 'flag');
  const once = `test('flaky', () => { if (!existsSync('${flag}')) { writeFileSync('${flag}', ''); throw new Error('first'); } });`;
  const repository = node(
    `import { existsSync, writeFileSync } from 'node:fs';\n${once}\ntest('good', () => one());`,
  );
  const options = { workspace: repository.path, dataDir: temporaryFolder() };

  const report = await tests.succeed<RunReport>('run', { rerunFailed: true }, options);
  repository.write(
    'a.test.mjs',
    "import { test } from 'node:test';\ntest('bad', () => { throw new Error('no'); });\n",
  );
  const failed = await tests.fail('run', { rerunFailed: true }, options);

  expect(report).toMatchObject({
    tests: { status: 'passed', passed: 2, failed: 0 },
    findings: [{ rule: 'flaky', file: 'a.test.mjs', message: 'flaky failed and then passed: first' }],
  });
  expect(failed).toMatchObject({ code: 'tests_failed', details: { tests: { failed: 1 } } });
});

test('files and names narrow a run', async () => {
  const repository = node("test('first', () => one());\ntest('second', () => {});", {
    'deep/er/b.test.mjs': "import { test } from 'node:test';\ntest('first too', () => {});\n",
  });
  const run = (select: object) => tests.succeed<RunReport>('run', { select }, { workspace: repository.path });

  expect((await run({ files: ['a.test.mjs'] })).tests.passed).toBe(2);
  expect((await run({ pattern: 'second' })).tests.passed).toBe(1);
  expect((await run({ files: [], pattern: '' })).tests.passed).toBe(3);
});

test('a test that hangs is ended by the limit of one test', async () => {
  const repository = node("test('a', () => new Promise(() => setInterval(() => {}, 1000)));");

  const failed = await tests.fail('run', { testTimeoutMs: 300 }, { workspace: repository.path });

  expect(failed).toMatchObject({ code: 'tests_failed', details: { tests: { failed: 1 } } });
});

test('cancelling ends the runner', async () => {
  const repository = node("test('a', () => new Promise(() => setInterval(() => {}, 1000)));");
  repository.write('one.mjs', `process.kill(${process.pid}, 'SIGUSR2');\nexport const one = () => {};\n`);
  const controller = new AbortController();
  process.once('SIGUSR2', () => controller.abort());

  const { outcome } = await tests.run('run', {}, { workspace: repository.path, signal: controller.signal });

  expect(outcome).toMatchObject({ ok: false, failure: { code: 'cancelled' } });
});
