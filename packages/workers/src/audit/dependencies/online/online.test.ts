import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkedWorker } from '../../../testing/checked-worker.ts';
import { type TemporaryRepository, temporaryRepository } from '../../../testing/temporary-repository.ts';
import type { AuditReport } from '../../report/audit-report.ts';
import { worker } from '../../worker.ts';

const audit = checkedWorker(join(import.meta.dirname, '../..'), worker);

function install(repository: TemporaryRepository, name: string, script: string): void {
  repository.write(`.venv/bin/${name}`, `#!/bin/sh\n${script}\n`);
  chmodSync(join(repository.path, '.venv/bin', name), 0o755);
}

const printing = (value: unknown, code = 0) => `cat <<'END'\n${JSON.stringify(value)}\nEND\nexit ${code}`;

async function ask(repository: TemporaryRepository): Promise<AuditReport> {
  const { outcome } = await audit.run('dependencies', { offline: false }, { workspace: repository.path });
  if (outcome.ok) return outcome.output as unknown as AuditReport;
  return (outcome.failure.details as unknown as { report: AuditReport }).report;
}

const flaws = ({ findings }: AuditReport) => findings.filter(({ rule }) => rule !== 'advisories-old');

const NPM_LOCK = JSON.stringify({
  lockfileVersion: 3,
  packages: {
    '': {},
    'node_modules/odd': { version: '1.0.0' },
    'node_modules/lodash': { version: '4.17.20' },
  },
});

const NPM_AUDIT = {
  auditReportVersion: 2,
  vulnerabilities: {
    odd: {
      name: 'odd',
      severity: 'critical',
      isDirect: true,
      via: [
        'lodash',
        {
          source: 1094499,
          name: 'odd',
          dependency: 'odd',
          title: 'Runs code in odd',
          url: 'https://github.com/advisories/GHSA-aaaa-bbbb-cccc',
          severity: 'critical',
          cwe: ['CWE-94'],
          cvss: { score: 9.8, vectorString: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' },
          range: '<1.1.0',
        },
      ],
      effects: [],
      range: '<1.1.0',
      nodes: ['node_modules/odd'],
      fixAvailable: { name: 'odd', version: '1.1.0', isSemVerMajor: false },
    },
    lodash: {
      name: 'lodash',
      severity: 'high',
      via: [
        {
          source: 1,
          title: 'Command Injection',
          url: 'https://github.com/advisories/GHSA-35jh-r3h4-6jhm',
          severity: 'high',
        },
      ],
      nodes: ['node_modules/lodash'],
      fixAvailable: true,
    },
  },
  metadata: { vulnerabilities: { total: 2 } },
};

test('[HYG-25] npm audit adds what the offline database does not know, and repeats nothing', async () => {
  const repository = temporaryRepository({ 'web/package-lock.json': NPM_LOCK, '.gitignore': '.venv\n' });
  install(repository, 'npm', `test -f package-lock.json || exit 9\n${printing(NPM_AUDIT, 1)}`);
  expect(flaws(await ask(repository))).toMatchObject([
    {
      tool: 'npm audit',
      rule: 'GHSA-aaaa-bbbb-cccc',
      severity: 'critical',
      file: 'web/package-lock.json',
      message: 'odd 1.0.0: Runs code in odd',
      fix: 'update odd to 1.1.0 or newer',
    },
    { tool: 'cadre', rule: 'GHSA-35jh-r3h4-6jhm' },
  ]);
});

test('[HYG-25] pip-audit is asked about the locked versions of any Python lock file', async () => {
  const repository = temporaryRepository({
    'uv.lock': '[[package]]\nname = "Odd_Package"\nversion = "1.0"\nsource = { registry = "x" }\n',
    '.gitignore': '.venv\n',
  });
  const answer = {
    dependencies: [
      {
        name: 'odd-package',
        version: '1.0',
        vulns: [
          {
            id: 'PYSEC-2999-1',
            fix_versions: ['1.1'],
            aliases: ['CVE-2999-1'],
            description: 'Runs code.\nMore.',
          },
        ],
      },
      { name: 'other', skip_reason: 'not found' },
    ],
    fixes: [],
  };
  install(
    repository,
    'pip-audit',
    `test "$(cat "$2")" = "odd-package==1.0" || exit 9\n${printing(answer, 1)}`,
  );
  expect(flaws(await ask(repository))).toMatchObject([
    {
      tool: 'pip-audit',
      rule: 'PYSEC-2999-1',
      severity: 'high',
      message: 'odd-package 1.0: Runs code. (CVE-2999-1, unrated)',
      fix: 'update odd-package to 1.1 or newer',
    },
  ]);
});

test('[HYG-25] cargo audit tells vulnerabilities by their score, and notices for information', async () => {
  const repository = temporaryRepository({
    'Cargo.lock': '[[package]]\nname = "odd"\nversion = "1.0.0"\nsource = "registry+x"\n',
    '.gitignore': '.venv\n',
  });
  const advisory = (id: string) => ({
    id,
    package: 'odd',
    title: 'Reads too far',
    aliases: [],
    cvss: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
  });
  const entry = (id: string) => ({
    advisory: advisory(id),
    versions: { patched: ['>=1.0.1'], unaffected: [] },
    package: { name: 'odd', version: '1.0.0' },
  });
  const answer = {
    vulnerabilities: { found: true, count: 1, list: [entry('RUSTSEC-2999-0001')] },
    warnings: {
      unmaintained: [{ kind: 'unmaintained', ...entry('RUSTSEC-2999-0002') }],
      yanked: [{ kind: 'yanked', advisory: null, package: { name: 'odd', version: '1.0.0' } }],
    },
  };
  install(repository, 'cargo-audit', printing(answer, 1));
  expect(flaws(await ask(repository))).toMatchObject([
    {
      tool: 'cargo audit',
      rule: 'RUSTSEC-2999-0001',
      severity: 'critical',
      fix: 'update odd to 1.0.1 or newer',
    },
    { tool: 'cargo audit', rule: 'RUSTSEC-2999-0002', severity: 'info' },
  ]);
});

test('[HYG-25] a tool without an answer is skipped visibly, and the offline answer stands', async () => {
  const repository = temporaryRepository({
    'package-lock.json': NPM_LOCK,
    'requirements.txt': 'odd==1.0\n',
    '.gitignore': '.venv\n',
  });
  install(
    repository,
    'npm',
    printing({ error: { code: 'ENOAUDIT', summary: 'audit endpoint returned an error' } }, 1),
  );
  install(repository, 'pip-audit', 'echo no network >&2\nexit 1');
  const report = await ask(repository);
  expect(flaws(report)).toMatchObject([{ rule: 'GHSA-35jh-r3h4-6jhm' }]);
  expect(report.skipped).toMatchObject([
    { tool: 'npm audit', reason: 'tool_failed' },
    { tool: 'pip-audit', reason: 'tool_failed' },
  ]);
});

test('without being asked to, nothing is run that needs a network', async () => {
  const repository = temporaryRepository({ 'package-lock.json': NPM_LOCK, '.gitignore': '.venv\n' });
  install(repository, 'npm', 'touch ran');
  await audit.fail('dependencies', {}, { workspace: repository.path });
  expect(repository.git('status', '--short')).toBe('');
});
