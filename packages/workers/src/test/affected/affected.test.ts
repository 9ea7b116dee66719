import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isInstalled } from '../../../../../scripts/installed-program.ts';
import { checkedWorker } from '../../testing/checked-worker.ts';
import { modulesWith } from '../../testing/modules-with.ts';
import { temporaryFolder } from '../../testing/temporary-folder.ts';
import { type TemporaryRepository, temporaryRepository } from '../../testing/temporary-repository.ts';
import type { RunReport } from '../run.ts';
import type { Project } from '../runner.ts';
import { worker } from '../worker.ts';
import { cargoPackages } from './cargo-packages.ts';
import { goPackages } from './go-packages.ts';
import { pythonTests } from './python-tests.ts';

const tests = checkedWorker(join(import.meta.dirname, '..'), worker);

/** How many tests a change makes run, of all the tests of the repository, and what is found out beforehand. */
interface Sample {
  readonly runner: string;
  readonly files: Readonly<Record<string, string>>;
  readonly total: number;
  readonly change: readonly [changed: string, run: number];
  /** A change after which it is all of them, and why. */
  readonly all: readonly [changed: string, reason: string];
  readonly find?: (project: Project, changed: readonly string[]) => Promise<readonly string[] | undefined>;
  readonly found?: readonly (readonly [changed: string, affected: readonly string[] | undefined])[];
}

const pythonTest = (head = '') => `${head}\ndef test_it():\n    pass\n`;
const goTest = (name: string, imported = '') =>
  `package ${name}\n\nimport (\n\t"testing"\n${imported})\n\nfunc TestIt(t *testing.T) {}\n`;
const rustTest = '#[test]\nfn works() {}\n';
const jsTest = (imported: string) =>
  `import { test } from 'vitest';\nimport '${imported}';\ntest('it', () => {});\n`;
const jestTest = (required: string) => `require('${required}');\ntest('it', () => {});\n`;

const SAMPLES: readonly Sample[] = [
  {
    runner: 'pytest',
    total: 5,
    files: {
      'pytest.ini': '[pytest]\npythonpath = src\n',
      'src/shop/__init__.py': '',
      'src/shop/price.py': 'PRICE = 1\n',
      'src/shop/cart.py': 'from . import price\nfrom .tax import (\n    TAX,  # all of it\n    RATE,\n)\n',
      'src/shop/tax.py': 'TAX = RATE = 1\n',
      'src/shop/lonely.py': '',
      'src/shop/beside.py': '',
      'tests/test_cart.py': pythonTest('from shop import cart'),
      'tests/test_price.py': pythonTest('import shop.price as p'),
      'tests/test_beside.py': pythonTest(),
      'tests/deep/conftest.py': '',
      'tests/deep/test_one.py': pythonTest(),
      'tests/deep/test_two.py': pythonTest(),
    },
    change: ['src/shop/tax.py', 1],
    all: ['src/shop/lonely.py', 'it is not known which tests src/shop/lonely.py affects'],
    find: pythonTests,
    found: [
      ['src/shop/price.py', ['tests/test_cart.py', 'tests/test_price.py']],
      ['src/shop/tax.py', ['tests/test_cart.py']],
      ['src/shop/beside.py', ['tests/test_beside.py']],
      ['tests/test_price.py', ['tests/test_price.py']],
      ['tests/deep/conftest.py', ['tests/deep/test_one.py', 'tests/deep/test_two.py']],
      ['src/shop/__init__.py', ['tests/test_cart.py', 'tests/test_price.py']],
      ['src/shop/lonely.py', undefined],
    ],
  },
  {
    runner: 'go',
    total: 3,
    files: {
      'go.mod': 'module example.org/x\n\ngo 1.19\n',
      'low/low.go': 'package low\n\nconst One = 1\n',
      'low/low_test.go': goTest('low'),
      'mid/mid.go': 'package mid\n\nimport "example.org/x/low"\n\nconst Two = low.One\n',
      'top/top.go': 'package top\n\nimport "example.org/x/mid"\n\nconst Three = mid.Two\n',
      'top/top_test.go': goTest('top'),
      'other/testdata/a.go': 'package data\n',
      'other/other.go': 'package other\n',
      'other/other_test.go': goTest('other'),
    },
    change: ['mid/mid.go', 1],
    all: ['go.mod', 'go.mod may affect every test'],
    find: goPackages,
    found: [
      ['low/low.go', ['low', 'mid', 'top']],
      ['other/testdata/a.go', ['other']],
      ['top/top_test.go', ['top']],
      ['elsewhere/a.go', undefined],
    ],
  },
  {
    runner: 'cargo',
    total: 3,
    files: {
      'Cargo.toml':
        '[workspace]\nmembers = ["low", "top", "other"]\nresolver = "2"\n[workspace.dependencies]\nlow = { path = "low" }\n',
      'low/Cargo.toml': '[package]\nname = "low"\nversion = "0.1.0"\nedition = "2021"\n',
      'low/src/lib.rs': rustTest,
      'top/Cargo.toml':
        '[package]\nname = "top"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\nlow = { workspace = true }\n',
      'top/src/lib.rs': rustTest,
      'other/Cargo.toml': '[package]\nname = "other"\nversion = "0.1.0"\nedition = "2021"\n',
      'other/src/lib.rs': rustTest,
    },
    change: ['top/src/lib.rs', 1],
    all: ['Cargo.toml', 'Cargo.toml may affect every test'],
    find: cargoPackages,
    found: [
      ['low/src/lib.rs', ['low', 'top']],
      ['other/Cargo.toml', ['other']],
      ['build.rs', undefined],
    ],
  },
  {
    runner: 'vitest',
    total: 2,
    files: {
      'package.json': '{ "type": "module", "scripts": { "test": "vitest run" } }',
      'one.js': "import './deep.js';\n",
      'deep.js': '',
      'two.js': '',
      'a.test.js': jsTest('./one.js'),
      'b.test.js': jsTest('./two.js'),
    },
    change: ['deep.js', 1],
    all: ['gone.js', 'gone.js is no longer there'],
  },
  {
    runner: 'jest',
    total: 2,
    files: {
      'package.json': '{ "jest": {} }',
      'one.js': "require('./deep.js');\n",
      'deep.js': '',
      'a.test.js': jestTest('./one.js'),
      'b.test.js': jestTest('./package.json'),
    },
    change: ['deep.js', 1],
    all: ['package.json', 'package.json may affect every test'],
  },
  {
    runner: 'node',
    total: 2,
    files: {
      'package.json': '{ "type": "module", "scripts": { "test": "node --test" } }',
      'one.js': '',
      'a.test.js': "import { test } from 'node:test';\nimport './one.js';\ntest('a', () => {});\n",
      'b.test.js': "import { test } from 'node:test';\ntest('b', () => {});\n",
    },
    change: ['a.test.js', 1],
    all: ['one.js', 'it is not known which tests one.js affects'],
  },
];

function repositoryOf({ runner, files }: Sample): TemporaryRepository {
  const repository = temporaryRepository({ '.gitignore': 'node_modules\ntarget\nCargo.lock\n', ...files });
  symlinkSync(modulesWith(runner), join(repository.path, 'node_modules'));
  return repository;
}

const projectOf = ({ files }: Sample) =>
  ({ files: Object.keys(files), read: async (file: string) => files[file] ?? '' }) as unknown as Project;

describe.each(SAMPLES)('after a change $runner runs', (sample) => {
  const { runner, change, all, total } = sample;
  const installed = isInstalled(runner);
  const note = installed ? '' : ` (skipped: ${runner} is not installed)`;

  test.skipIf(!installed)(
    `[HYG-22] only what it affects, and else everything, with the reason${note}`,
    { timeout: 120_000 },
    async () => {
      const options = { workspace: repositoryOf(sample).path, dataDir: temporaryFolder() };
      const run = (changed: string, more: object = {}) =>
        tests.succeed<RunReport>('run', { select: { changed: [changed] }, ...more }, options);

      // Some tests alone are not held against the floor.
      expect((await run(change[0], { coverage: 99, required: true })).tests.total).toBe(change[1]);
      const whole = await run(all[0]);
      expect(whole.tests.total).toBe(total);
      expect(whole.summary).toContain(`all tests of ${runner}: ${all[1]}`);
    },
  );

  test.each(sample.found ?? [])('%s affects %j', async (changed, affected) => {
    expect(await sample.find?.(projectOf(sample), [changed])).toEqual(affected);
  });
});
