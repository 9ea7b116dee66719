import { execFileSync } from 'node:child_process';
import { chmodSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { checkedWorker } from '../../testing/checked-worker.ts';
import { temporaryFolder } from '../../testing/temporary-folder.ts';
import { type TemporaryRepository, temporaryRepository } from '../../testing/temporary-repository.ts';
import type { AuditReport } from '../report/audit-report.ts';
import { worker } from '../worker.ts';

const audit = checkedWorker(join(import.meta.dirname, '..'), worker);

/** Puts a program into the repository's own tool folder, where it is found before any other. */
function install(repository: TemporaryRepository, name: string, script: string): void {
  repository.write(`.venv/bin/${name}`, `#!/bin/sh\n${script}\n`);
  chmodSync(join(repository.path, '.venv/bin', name), 0o755);
}

const printing = (value: unknown, code = 0) => `cat <<'END'\n${JSON.stringify(value)}\nEND\nexit ${code}`;

const BANDIT = {
  errors: [{ filename: 'broken.py', reason: 'syntax error while parsing AST from file' }],
  results: [
    {
      filename: './app.py',
      issue_confidence: 'HIGH',
      issue_cwe: { id: 78, link: 'https://cwe.mitre.org/data/definitions/78.html' },
      issue_severity: 'HIGH',
      issue_text: 'subprocess call with shell=True identified, security issue.',
      line_number: 2,
      col_offset: 0,
      more_info: 'https://bandit.readthedocs.io/en/1.7.10/plugins/b602.html',
      test_id: 'B602',
      test_name: 'subprocess_popen_with_shell_equals_true',
    },
    {
      filename: './app.py',
      issue_confidence: 'MEDIUM',
      issue_severity: 'LOW',
      issue_text: 'Use of assert detected.',
      line_number: 3,
      test_id: 'B101',
      test_name: 'assert_used',
    },
    { filename: '/elsewhere/x.py', issue_severity: 'HIGH', test_id: 'B102', line_number: 1 },
  ],
};

const APP = 'import subprocess\nsubprocess.run(command, shell=True)\nassert ready\n';

async function reportOf(repository: TemporaryRepository, input: object = {}): Promise<AuditReport> {
  const { outcome } = await audit.run('code', input, { workspace: repository.path });
  if (outcome.ok) return outcome.output as unknown as AuditReport;
  return (outcome.failure.details as unknown as { report: AuditReport }).report;
}

test('[HYG-23] findings of bandit come in the one schema, without what a built-in rule says of the same line', async () => {
  const repository = temporaryRepository({ 'app.py': APP, 'broken.py': 'def (\n', '.gitignore': '.venv\n' });
  install(repository, 'bandit', printing(BANDIT, 1));
  const report = await reportOf(repository);
  expect(
    report.findings.map(({ tool, rule, severity, file, line }) => ({ tool, rule, severity, file, line })),
  ).toEqual([
    { tool: 'cadre', rule: 'python-shell', severity: 'high', file: 'app.py', line: 2 },
    { tool: 'bandit', rule: 'B101', severity: 'low', file: 'app.py', line: 3 },
  ]);
  expect(report.findings[1]).toMatchObject({ title: 'assert used', confidence: 'medium', kind: 'sast' });
  expect(report.skipped).toMatchObject([
    { tool: 'bandit', reason: 'unreadable', message: expect.stringContaining('broken.py') as string },
  ]);
});

test.each([
  ['ends with another code', 'echo Traceback >&2\nexit 2'],
  ['prints no JSON', 'echo Traceback >&2\nexit 1'],
  ['prints half of it', 'echo \'{"results": [\'\nexit 0'],
  ['is killed', 'kill -9 $$'],
])('[HYG-23] a scanner that %s is a failure, never a clean result', async (_how, script) => {
  const repository = temporaryRepository({ 'app.py': 'x = 1\n', '.gitignore': '.venv\n' });
  install(repository, 'bandit', script);
  expect(await audit.fail('code', {}, { workspace: repository.path })).toMatchObject({
    code: 'tool_failed',
    message: expect.stringContaining('bandit could not scan') as string,
    details: { report: { findings: [], skipped: [{ tool: 'bandit', reason: 'tool_failed' }] } },
  });
});

test('findings above the threshold go before a crash, which is told in the report', async () => {
  const repository = temporaryRepository({ 'app.py': APP, '.gitignore': '.venv\n' });
  install(repository, 'bandit', 'exit 3');
  expect(await audit.fail('code', {}, { workspace: repository.path })).toMatchObject({
    code: 'findings_above_threshold',
    details: { report: { skipped: [{ tool: 'bandit', reason: 'tool_failed' }] } },
  });
});

test('[HYG-4] a scanner that the repository asks for and that is missing is skipped with the command that installs it', async () => {
  const repository = temporaryRepository({
    'app.py': 'x = 1\n',
    'pyproject.toml': '[tool.bandit]\nskips = ["B101"]\n',
    '.semgrep.yml': 'rules: []\n',
    '.gitleaks.toml': '',
  });
  vi.stubEnv('PATH', folderWithGitOnly());
  const report = await reportOf(repository);
  expect(report.skipped.map(({ tool, reason }) => `${tool} ${reason}`)).toEqual([
    'bandit tool_missing',
    'semgrep tool_missing',
    'gitleaks tool_missing',
  ]);
  expect(report.skipped[0]).toMatchObject({
    hint: 'pip install bandit',
    message: expect.stringContaining('[tool.bandit] in pyproject.toml') as string,
  });
  expect((await reportOf(repository, { kinds: ['configuration'] })).skipped).toEqual([]);
  vi.unstubAllEnvs();
});

/** A machine on which somebody has installed every scanner runs this test too. */
function folderWithGitOnly(): string {
  const folder = temporaryFolder();
  symlinkSync(execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim(), join(folder, 'git'));
  return folder;
}

test('bandit gets the files that are scanned and the settings of the repository, and nothing else', async () => {
  const repository = temporaryRepository({
    'a b.py': 'x = 1\n',
    '-dash.py': 'x = 1\n',
    'skip.py': 'x = 1\n',
    'bandit.yaml': 'skips: []\n',
    '.gitignore': '.venv\n',
  });
  install(
    repository,
    'bandit',
    `printf '%s\\n' "$@" >"$PWD/.venv/arguments"\n${printing({ results: [], errors: [] })}`,
  );
  await reportOf(repository, { exclude: ['skip.py'] });
  const arguments_ = repository.git('hash-object', '.venv/arguments');
  repository.write('expected', '-q\n-f\njson\n-c\nbandit.yaml\n--\n-dash.py\na b.py\n');
  expect(arguments_).toBe(repository.git('hash-object', 'expected'));
});

test('[HYG-23] semgrep runs only with rules of the repository and sends nothing', async () => {
  const repository = temporaryRepository({ 'a.js': 'f();\n', '.gitignore': '.venv\n' });
  const answer = {
    results: [
      {
        check_id: 'rules.no-f',
        path: 'a.js',
        start: { line: 1, col: 1 },
        extra: {
          message: 'do not call f',
          severity: 'ERROR',
          metadata: { cwe: ['CWE-95: Eval'], confidence: 'LOW' },
          fix: 'g()',
        },
      },
    ],
    errors: [],
  };
  install(
    repository,
    'semgrep',
    `case "$*" in *--metrics=off*--config\\ .semgrep.yml*) ;; *) exit 9 ;; esac\n${printing(answer)}`,
  );
  expect((await reportOf(repository)).findings).toEqual([]);
  repository.write('.semgrep.yml', 'rules: []\n');
  expect((await reportOf(repository)).findings).toMatchObject([
    {
      tool: 'semgrep',
      rule: 'rules.no-f',
      title: 'no-f',
      severity: 'high',
      confidence: 'low',
      file: 'a.js',
      line: 1,
      fix: 'g()',
      cwe: 95,
    },
  ]);
});

test('[HYG-23] gitleaks is asked to redact, and what it reports of a secret is not repeated', async () => {
  const repository = temporaryRepository({ 'a.txt': 'one\ntwo\n', '.gitignore': '.venv\n' });
  const leaks = [
    {
      RuleID: 'odd-token',
      Description: 'Odd token',
      File: 'a.txt',
      StartLine: 2,
      StartColumn: 1,
      Secret: 'two',
      Match: 'two',
    },
    { RuleID: 'odd-token', Description: 'Odd token', File: '.venv/x', StartLine: 1 },
  ];
  install(
    repository,
    'gitleaks',
    `case "$*" in *--redact*) ;; *) exit 9 ;; esac\nfor one in "$@"; do case "$one" in --report-path=*) cat >"\${one#--report-path=}" <<'END'\n${JSON.stringify(leaks)}\nEND\n;; esac; done`,
  );
  const { findings } = await reportOf(repository);
  expect(findings).toMatchObject([
    {
      tool: 'gitleaks',
      rule: 'odd-token',
      kind: 'secrets',
      severity: 'high',
      file: 'a.txt',
      line: 2,
      cwe: 798,
    },
  ]);
  expect(JSON.stringify(findings)).not.toContain('two');
  install(repository, 'gitleaks', 'exit 0');
  expect(await audit.fail('code', {}, { workspace: repository.path })).toMatchObject({ code: 'tool_failed' });
});
