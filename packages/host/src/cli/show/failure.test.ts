import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { failure } from '@cadre/sdk';
import { afterEach, expect, test } from 'vitest';
import { createOutput } from '../output.ts';
import { tryCli } from '../testing.ts';
import { documentationOf, printFailure } from './failure.ts';

const root = join(import.meta.dirname, '../../../../..');
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cadre-failure-'));
  folders.push(folder);
  return folder;
}

function shown(...given: [Parameters<typeof printFailure>[1], string?]): string[] {
  const stdout = new PassThrough().setEncoding('utf8');
  const output = createOutput({ stdout, colours: false } as never, {});
  printFailure('Format', given[0], output, given[1]);
  return String(stdout.read()).split('\n').slice(1, -1);
}

test('[HYG-38] a failure is shown with code, causes, last lines, command, suggestion and where to read on', () => {
  const lines = Array.from({ length: 25 }, (_, index) => `line ${index + 1}`);
  const inner = failure('not_readable', 'cannot read a.js');
  const cause = failure('worker_fault', 'the copy failed', { cause: inner });
  const given = failure('tool_failed', `prettier ended with exit code 2\n${lines.join('\n')}`, {
    hint: 'correct its settings',
    details: { command: 'prettier --write ./a.js', lastLines: lines },
    cause,
  });

  expect(shown(given, 'cadre rerun run_1 --from format')).toEqual([
    'Format prettier ended with exit code 2 [tool_failed]',
    '  because: the copy failed [worker_fault]',
    '  because: cannot read a.js [not_readable]',
    '  last lines:',
    ...lines.slice(5).map((line) => `    ${line}`),
    '  repeat: prettier --write ./a.js',
    '  try: correct its settings',
    '  more: docs/guide/failures.md#tool_failed',
  ]);
});

test('[HYG-38] without a command of its own the step is what is repeated, and nothing is said twice', () => {
  expect(shown(failure('tests_failed', '1 failed'), 'cadre rerun run_1 --from test')).toEqual([
    'Format 1 failed [tests_failed]',
    '  repeat: cadre rerun run_1 --from test',
    '  more: docs/guide/failures.md#tests_failed',
  ]);
  const given = failure('tool_failed', 'it failed', {
    hint: 'repeat it with: a b',
    details: { command: 'a b' },
  });
  expect(shown(given)).toEqual([
    'Format it failed [tool_failed]',
    '  try: repeat it with: a b',
    '  more: docs/guide/failures.md#tool_failed',
  ]);
});

test('[HYG-38] the last lines of a worker that ended are shown, which are one text', () => {
  const given = failure('worker_died', 'it ended', {
    details: { lastLines: 'Error: boom\n\n    at main.js:1' },
  });
  expect(shown(given)).toEqual([
    'Format it ended [worker_died]',
    '  last lines:',
    '    Error: boom',
    '        at main.js:1',
    '  more: docs/guide/failures.md#worker_died',
  ]);
});

test('[HYG-38] what a tool says cannot change the terminal', () => {
  const given = failure('tool_failed', 'bad \u001b[2J', {
    details: { lastLines: ['\u001b]0;title\u0007x'] },
  });
  expect(shown(given).join('\n')).not.toMatch(/[\u001b\u0007]/);
});

test('[HYG-38] the guide explains every code that workers, gate and command line can give', () => {
  const guide = readFileSync(join(root, 'docs/guide/failures.md'), 'utf8');
  const explained = new Set([...guide.matchAll(/^### (\w+)$/gm)].map(([, code]) => code));
  const thrown = ['workers', 'sdk', 'host'].flatMap((name) => codesOf(join(root, 'packages', name, 'src')));
  expect(thrown.length).toBeGreaterThan(40);
  expect([...new Set(thrown)].filter((code) => !explained.has(code) && !code.endsWith('_not_found'))).toEqual(
    [],
  );
  expect(documentationOf('tool_failed')).toBe('docs/guide/failures.md#tool_failed');
});

function codesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !/\.test\.ts$|testing|fixtures/.test(path))
    .flatMap((path) => {
      const text = readFileSync(join(folder, path), 'utf8');
      return [...text.matchAll(/new (?:ActionError|CadreError)\(\s*'(\w+)'/g)].map(([, code = '']) => code);
    });
}

test('[HYG-38] a run shows it all for a step that failed, and the command it names does repeat the step', async () => {
  const folder = temporaryFolder();
  const git = (...args: string[]) => execFileSync('git', args, { cwd: folder, stdio: 'pipe' });
  git('init', '--quiet');
  writeFileSync(
    join(folder, 'f.yaml'),
    `apiVersion: cadre/v1
kind: Workflow
metadata: { name: sample }
spec:
  permissions: ["shell:*"]
  steps:
    - { id: first, run: "echo one" }
    - { id: second, run: "for i in $(seq 30); do echo said $i; done; exit 3" }
`,
  );
  const options = { cwd: folder, env: { CADRE_HOME: temporaryFolder() } };

  const { code, stdout, stderr } = await tryCli(['run', './f.yaml', '--yes'], options);

  expect(code).toBe(1);
  expect(stdout).toContain('[command_failed]');
  expect(stdout).toContain('    said 11\n');
  expect(stdout).toContain('    said 30\n');
  expect(stdout).not.toContain('    said 10\n');
  expect(stdout).toContain('  repeat: for i in $(seq 30); do echo said $i; done; exit 3\n');
  expect(stdout).toContain('  try: its own last lines say why');
  expect(stdout).toContain('  more: docs/guide/failures.md#command_failed\n');
  expect(`${stdout}${stderr}`).not.toMatch(/\n\s+at .*\.(ts|js):\d+/);

  const run = /run_\w+/.exec(stdout)?.[0] ?? '';
  const again = await tryCli(['rerun', run, '--from', 'second', '--yes'], options);
  expect(again.code).toBe(1);
  expect(again.stdout).toContain('[command_failed]');
});
