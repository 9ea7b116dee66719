import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Put together here, so that this repository itself holds nothing that looks like a key. */
const FAKE_TOKEN = ['ghp', `${'A1b2C3d4E5'.repeat(3)}f6G7h8`].join('_');

const FILES: Readonly<Record<string, string>> = {
  'package.json': `${JSON.stringify(
    { name: 'sample', version: '1.0.0', type: 'module', scripts: { test: 'node --test' } },
    undefined,
    2,
  )}\n`,
  // A version with a published advisory (CVE-2021-23337).
  'package-lock.json': `${JSON.stringify(
    {
      name: 'sample',
      version: '1.0.0',
      lockfileVersion: 3,
      packages: {
        '': { name: 'sample', version: '1.0.0', dependencies: { lodash: '4.17.20' } },
        'node_modules/lodash': { version: '4.17.20' },
      },
    },
    undefined,
    2,
  )}\n`,
  // Trailing blanks, mixed line endings, no final newline, an import that nobody uses.
  'src/price.js': [
    "import { readFileSync } from 'node:fs';   ",
    "import { round } from './round.js';\r",
    '',
    'export function price(net, rate) {   ',
    '  return round(net * (1 + rate));\t',
    '}',
  ].join('\n'),
  'src/round.js': 'export function round(value) {\n  return Math.round(value * 100) / 100;\n}',
  // A comparison that is never true.
  'src/check.js': 'export function isBroken(value) {\n  return value === NaN;\n}\n',
  'src/deploy.js': `const token = '${FAKE_TOKEN}';\n\nexport function headers() {\n  return { authorization: \`token \${token}\` };\n}\n`,
  'test/price.test.js': [
    "import assert from 'node:assert/strict';",
    "import { test } from 'node:test';",
    "import { price } from '../src/price.js';",
    '',
    "test('adds the tax', () => {",
    '  assert.equal(price(100, 0.19), 119);',
    '});',
    '',
    "test('rounds to cents', () => {",
    '  assert.equal(price(9.99, 0.19), 11.89);',
    '});',
    '',
  ].join('\n'),
  'tools/report.py': 'import os\nimport sys\n\n\ndef main():\n    print(sys.argv)   \n\n\nmain()\n',
  '.gitignore': 'node_modules/\n__pycache__/\n.pytest_cache/\ncoverage/\n',
  'README.md': '# Sample\n\nA small shop, with faults to be found.\n',
};

/** What nobody needs any more. */
const CACHES: Readonly<Record<string, number>> = {
  'tools/__pycache__/report.cpython-311.pyc': 4_096,
  '.pytest_cache/v/cache/lastfailed': 64,
  'coverage/lcov.info': 20_000,
};

/** Makes a repository with real faults in an empty folder. Without git it is a plain folder; then false is answered. */
export function makeSample(folder: string): boolean {
  const write = (path: string, content: string | Buffer) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  };
  for (const [path, content] of Object.entries(FILES)) write(path, content);
  try {
    const git = (...args: string[]) => execFileSync('git', args, { cwd: folder, stdio: 'ignore' });
    git('init', '--initial-branch=main');
    git('config', 'user.name', 'Sample');
    git('config', 'user.email', 'sample@example.org');
    git('config', 'commit.gpgsign', 'false');
    git('add', '-A');
    git('commit', '-m', 'The shop');
    git('checkout', '-b', 'tidy');
  } catch {
    return false;
  } finally {
    for (const [path, size] of Object.entries(CACHES)) write(path, Buffer.alloc(size));
  }
  return true;
}
