import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isInstalled } from '../../../../../scripts/installed-program.ts';
import { checkedWorker } from '../../testing/checked-worker.ts';
import { modulesWith } from '../../testing/modules-with.ts';
import { temporaryFolder } from '../../testing/temporary-folder.ts';
import { type TemporaryRepository, temporaryRepository } from '../../testing/temporary-repository.ts';
import type { DetectReport } from '../detect.ts';
import { parseJunit } from '../junit.ts';
import type { ListReport } from '../list.ts';
import type { RunReport } from '../run.ts';
import { worker } from '../worker.ts';

const tests = checkedWorker(join(import.meta.dirname, '..'), worker);

/** A repository with one test that passes, one that fails in a known line, and one that is skipped. */
interface Sample {
  readonly runner: string;
  readonly files: Readonly<Record<string, string>>;
  readonly failure: { readonly name: string; readonly file: string; readonly line: number };
  /** The failing file as it would be right. */
  readonly repaired: readonly [file: string, from: string, to: string];
  /** Tests that can be collected without running them. */
  readonly listed: number;
  readonly covers: boolean;
  /** A text that makes the failing file one that cannot be loaded. */
  readonly broken: string;
}

const SAMPLES: readonly Sample[] = [
  {
    runner: 'vitest',
    files: {
      'package.json': '{ "type": "module", "scripts": { "test": "vitest run" } }',
      'in dir/a.test.js':
        "import { describe, expect, test } from 'vitest';\nimport { one } from '../one.js';\ntest('good', () => {});\ndescribe('some (group)', () => {\n  test('bad', () => expect(one).toBe(2));\n});\ntest.skip('later', () => {});\n",
      'one.js': 'export const one = 1;\n',
    },
    failure: { name: 'some (group) bad', file: 'in dir/a.test.js', line: 5 },
    repaired: ['one.js', '1', '2'],
    listed: 2,
    covers: false,
    broken: "import './nothing.js';\n",
  },
  {
    runner: 'jest',
    files: {
      'package.json': '{ "jest": {} }',
      'in dir/a.test.js':
        "const { one } = require('../one.js');\ntest('good', () => {});\ndescribe('some (group)', () => {\n  test('bad', () => expect(one).toBe(2));\n});\ntest.skip('later', () => {});\n",
      'one.js': 'exports.one = 1;\n',
    },
    failure: { name: 'some (group) bad', file: 'in dir/a.test.js', line: 4 },
    repaired: ['one.js', '1', '2'],
    listed: 1,
    covers: true,
    broken: "require('./nothing.js');\n",
  },
  {
    runner: 'node',
    files: {
      'package.json':
        '{ "type": "module", "scripts": { "test": "tsc && node --test \'in dir/*.test.js\'" } }',
      'in dir/a.test.js':
        "import assert from 'node:assert';\nimport { describe, test } from 'node:test';\nimport { one } from '../one.js';\ntest('good', () => {});\ndescribe('some (group)', () => {\n  test('bad', () => assert.equal(one, 2));\n});\ntest.skip('later', () => {});\n",
      'other.test.js': "throw new Error('the script does not name this file');\n",
      'one.js': 'export const one = 1;\n',
    },
    failure: { name: 'some (group) > bad', file: 'in dir/a.test.js', line: 6 },
    repaired: ['one.js', '1', '2'],
    listed: 1,
    covers: true,
    broken: "import './nothing.js';\n",
  },
  {
    runner: 'pytest',
    files: {
      'pytest.ini': '[pytest]\npythonpath = .\n',
      'tests/test_a.py':
        'import pytest\nimport one\n\ndef test_good():\n    pass\n\nclass TestGroup:\n    def test_bad(self):\n        assert one.ONE == 2\n\n@pytest.mark.skip\ndef test_later():\n    pass\n',
      'one.py': 'ONE = 1\n',
    },
    failure: { name: 'tests/test_a.py::TestGroup::test_bad', file: 'tests/test_a.py', line: 9 },
    repaired: ['one.py', '1', '2'],
    listed: 3,
    covers: false,
    broken: 'import nothing_at_all\n',
  },
  {
    runner: 'go',
    files: {
      'go.mod': 'module example.org/x\n\ngo 1.19\n',
      'in/a_test.go':
        'package in\n\nimport "testing"\n\nfunc TestGood(t *testing.T) {}\n\nfunc TestBad(t *testing.T) {\n\tt.Run("part", func(t *testing.T) {\n\t\tif One() != 2 {\n\t\t\tt.Error("no")\n\t\t}\n\t})\n}\n\nfunc TestLater(t *testing.T) { t.Skip() }\n',
      'in/one.go': 'package in\n\nfunc One() int { return 1 }\n',
    },
    failure: { name: 'in.TestBad/part', file: 'in/a_test.go', line: 10 },
    repaired: ['in/one.go', '1', '2'],
    listed: 3,
    covers: true,
    broken: 'package in\n\nimport "example.org/x/nothing"\n',
  },
  {
    runner: 'cargo',
    files: {
      'Cargo.lock': 'version = 3\n\n[[package]]\nname = "x"\nversion = "0.1.0"\n',
      'Cargo.toml': '[package]\nname = "x"\nversion = "0.1.0"\nedition = "2021"\n',
      'src/lib.rs':
        'pub fn one() -> u8 {\n    1\n}\n\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn good() {}\n    #[test]\n    fn bad() {\n        assert_eq!(super::one(), 2, "two\\n\\nlines");\n    }\n    #[test]\n    #[ignore]\n    fn later() {}\n}\n',
    },
    failure: { name: 'tests::bad', file: 'src/lib.rs', line: 11 },
    repaired: ['src/lib.rs', '    1\n', '    2\n'],
    listed: 3,
    covers: false,
    broken: 'use nothing_at_all::one;\n',
  },
];

function repositoryOf({ runner, files }: Sample): TemporaryRepository {
  const repository = temporaryRepository({ '.gitignore': 'node_modules\ntarget\n', ...files });
  symlinkSync(modulesWith(runner), join(repository.path, 'node_modules'));
  return repository;
}

function repair(repository: TemporaryRepository, [file, from, to]: Sample['repaired']): void {
  repository.write(file, readFileSync(join(repository.path, file), 'utf8').replace(from, to));
}

describe.each(SAMPLES)('$runner', (sample) => {
  const { runner, failure, repaired, listed } = sample;
  const installed = isInstalled(runner);
  const note = installed ? '' : ` (skipped: ${runner} is not installed)`;

  test.skipIf(!installed)(
    `[HYG-21] is detected, collected and run, and each failure has its line${note}`,
    async () => {
      const repository = repositoryOf(sample);
      const options = { workspace: repository.path, dataDir: temporaryFolder() };

      const detected = await tests.succeed<DetectReport>('detect', {}, options);
      const list = await tests.succeed<ListReport>('list', {}, options);
      const failed = await tests.fail('run', {}, options);

      expect(detected.runners).toMatchObject([{ name: runner, folder: '.', installed: true }]);
      expect(list.tests.length).toBe(listed);
      expect(failed).toMatchObject({
        code: 'tests_failed',
        details: {
          tests: { status: 'failed', passed: 1, failed: 1, skipped: 1, total: 3, failures: [failure] },
        },
      });
      expect(failed.hint).toContain(runner);
      const [junit = ''] = (failed.details as { artifacts?: string[] } | undefined)?.artifacts ?? [];
      expect(
        parseJunit(readFileSync(junit, 'utf8'))
          ?.map(({ status }) => status)
          .toSorted(),
      ).toEqual(['failed', 'passed', 'skipped']);
    },
  );

  test.skipIf(!installed)(
    `[WRK-68] what failed last time can be run alone, and then everything again${note}`,
    async () => {
      const repository = repositoryOf(sample);
      const options = { workspace: repository.path, dataDir: temporaryFolder() };
      await tests.fail('run', {}, options);
      repair(repository, repaired);

      const again = await tests.succeed<RunReport>('run', { select: { lastFailed: true } }, options);
      const all = await tests.succeed<RunReport>('run', { select: { lastFailed: true } }, options);

      expect(again.tests).toMatchObject({ status: 'passed', passed: 1, failed: 0 });
      expect(all.tests).toMatchObject({ status: 'passed', passed: 2, failed: 0 });
    },
  );

  test.skipIf(!installed)(
    `[HYG-3] a plan collects, says what would be run, and leaves nothing behind${note}`,
    async () => {
      const repository = repositoryOf(sample);

      const { outcome, effects } = await tests.run(
        'run',
        {},
        { workspace: repository.path, mode: 'preview' },
      );

      expect(outcome).toMatchObject({ output: { tests: { status: 'unverified', total: listed } } });
      expect(effects).toEqual([
        { kind: 'command', command: expect.any(String), purpose: `runs ${listed} tests in the repository` },
      ]);
      expect(repository.git('status', '--porcelain', '--ignored')).toBe('!! node_modules');
    },
  );

  test.skipIf(!installed)(`a file that cannot be loaded is a failure${note}`, async () => {
    const repository = repositoryOf(sample);
    repository.write(failure.file, sample.broken);

    const failed = await tests.fail('run', {}, { workspace: repository.path });

    // What cannot be compiled never comes to a report of its tests.
    if (runner === 'cargo') expect(failed).toMatchObject({ code: 'no_report' });
    else expect(failed).toMatchObject({ code: 'tests_failed', details: { tests: { failed: 1 } } });
    expect(JSON.stringify(failed)).toMatch(/nothing/);
  });

  test.skipIf(!installed)(
    `[HYG-21] coverage is held against the floor, or said to be unknown${note}`,
    async () => {
      const repository = repositoryOf(sample);
      repair(repository, repaired);
      const options = { workspace: repository.path, dataDir: temporaryFolder() };

      const report = await tests.succeed<RunReport>('run', { coverage: 0.5 }, options);

      const measured = report.tests.coverage !== undefined;
      if (sample.covers) expect(measured).toBe(true);
      expect(report.findings.map(({ rule }) => rule)).toEqual(measured ? [] : ['coverage-unknown']);
      expect(report.skipped.map(({ reason }) => reason)).toEqual(measured ? [] : ['tool_missing']);
    },
  );
});
