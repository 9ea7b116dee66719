import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkedWorker } from '../testing/checked-worker.ts';
import { type TemporaryRepository, temporaryRepository } from '../testing/temporary-repository.ts';
import type { CodeReport } from './work.ts';
import { worker } from './worker.ts';

const code = checkedWorker(import.meta.dirname, worker);

const lint = (repository: TemporaryRepository, input: object = {}) =>
  code.succeed<CodeReport>('lint', input, { workspace: repository.path });

const read = (repository: TemporaryRepository, path: string) =>
  readFileSync(join(repository.path, path), 'utf8');

test('[HYG-17] without a linter unused imports are removed and the changed files laid out once more', async () => {
  const repository = temporaryRepository({
    'a.ts': "import { join, resolve } from 'node:path';\nexport const a = join('a');  \n",
    'b.py': 'import os\nimport sys\nprint(sys.path)  \n',
    'untouched.ts': 'export const b = 1;  \n',
  });

  const report = await lint(repository);

  expect(report.changedFiles).toEqual(['a.ts', 'b.py']);
  expect(read(repository, 'a.ts')).toBe("import { join } from 'node:path';\nexport const a = join('a');\n");
  expect(read(repository, 'b.py')).toBe('import sys\nprint(sys.path)\n');
  expect(read(repository, 'untouched.ts')).toBe('export const b = 1;  \n');
  expect((await lint(repository)).changedFiles).toEqual([]);
});

test('[HYG-19] a check reports what could be fixed, with its line, and writes nothing', async () => {
  const repository = temporaryRepository({ 'a.py': 'import sys\nimport os\nprint(sys.path)\n' });

  const failed = await code.fail('lint', { check: true }, { workspace: repository.path });

  expect(failed).toMatchObject({
    code: 'check_failed',
    details: {
      changes: [],
      wouldChange: ['a.py'],
      findings: [{ tool: 'built-in', rule: 'unused-import', file: 'a.py', line: 2, fix: 'remove it' }],
    },
  });
  expect(repository.git('status', '--porcelain')).toBe('');
});

test('[HYG-19] a syntax error in a data file is a finding with its line, and the others are still worked on', async () => {
  const repository = temporaryRepository({
    'bad.json': '{\n  "a": ,\n}\n',
    'bad.yaml': 'a: 1\nb: [1\n',
    'bad.toml': 'a = 1\nb = = 2\n',
    'tsconfig.json': '{ /* comments are welcome */ }\n',
    'chart/templates/x.yaml': '{{- if .Values.x }}\na: [\n',
    'good.py': 'import os\nprint(1)\n',
  });

  const report = await lint(repository);

  expect(report.findings.map(({ file, line, rule }) => [file, line, rule])).toEqual([
    ['bad.json', 2, 'syntax'],
    ['bad.toml', 2, 'syntax'],
    ['bad.yaml', 3, 'syntax'],
  ]);
  expect(report.changedFiles).toEqual(['good.py']);
});

test('merge conflicts are found everywhere, also where a line of equal signs is only a heading', async () => {
  const repository = temporaryRepository({
    'conflict.txt': 'a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> other\n',
    'heading.md': 'Title\n=======\n',
  });

  const { findings } = await lint(repository);

  expect(findings).toMatchObject([{ file: 'conflict.txt', line: 2, rule: 'merge-conflict' }]);
});
