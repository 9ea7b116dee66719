import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkedWorker } from '../testing/checked-worker.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { temporaryRepository } from '../testing/temporary-repository.ts';
import type { AuditReport } from './report/audit-report.ts';
import { worker } from './worker.ts';

const audit = checkedWorker(import.meta.dirname, worker);

const npmLock = (packages: Readonly<Record<string, string>>) =>
  `${JSON.stringify(
    {
      lockfileVersion: 3,
      packages: {
        '': { dependencies: packages },
        ...Object.fromEntries(
          Object.entries(packages).map(([name, version]) => [`node_modules/${name}`, { version }]),
        ),
      },
    },
    undefined,
    2,
  )}\n`;

const look = (workspace: string, input: object = {}, dataDir?: string) =>
  audit.succeed<AuditReport>('dependencies', input, {
    workspace,
    ...(dataDir === undefined ? {} : { dataDir }),
  });

async function held(workspace: string, input: object = {}, dataDir?: string): Promise<AuditReport> {
  const options = { workspace, ...(dataDir === undefined ? {} : { dataDir }) };
  const failure = await audit.fail('dependencies', input, options);
  expect(failure.code).toBe('findings_above_threshold');
  return (failure.details as unknown as { report: AuditReport }).report;
}

/** Without the note about the age of the data. */
const flaws = ({ findings }: AuditReport) => findings.filter(({ rule }) => rule !== 'advisories-old');

test('[HYG-25] a locked version with a published flaw fails the step; the message says what mends it', async () => {
  const { path } = temporaryRepository({
    'package-lock.json': npmLock({ lodash: '4.17.20', left: '1.0.0' }),
  });
  const report = await held(path);
  expect(flaws(report)).toMatchObject([
    {
      tool: 'cadre',
      kind: 'dependencies',
      rule: 'GHSA-35jh-r3h4-6jhm',
      severity: 'high',
      file: 'package-lock.json',
      line: 10,
      message: 'lodash 4.17.20: Command injection by the template function (CVE-2021-23337)',
      fix: 'update lodash to 4.17.21 or newer',
    },
  ]);
  expect(report.metrics).toMatchObject({ lockFiles: 1, packages: 2, high: 1 });
  expect(report.summary).toMatch(
    /^2 packages of 1 lock file against \d+ advisories of the built-in set \(until 2025-03-07\): 1 high/,
  );
});

test('[HYG-25] every kind of lock file is read in one go', async () => {
  const { path } = temporaryRepository({
    'web/package-lock.json': npmLock({ minimist: '1.2.5' }),
    'web2/yarn.lock': '# yarn lockfile v1\n\n\nws@^8.0.0:\n  version "8.17.0"\n',
    'web3/pnpm-lock.yaml':
      "lockfileVersion: '9.0'\n\npackages:\n\n  braces@3.0.2:\n    resolution: {integrity: x}\n",
    'py/requirements-dev.txt': 'PyYAML==5.3.1\nflask>=2\n',
    'py2/uv.lock': '[[package]]\nname = "gunicorn"\nversion = "21.2.0"\nsource = { registry = "x" }\n',
    'py3/poetry.lock': '[[package]]\nname = "certifi"\nversion = "2022.12.7"\n',
    'py4/Pipfile.lock': JSON.stringify({ _meta: {}, default: { django: { version: '==4.0.5' } } }),
    'rust/Cargo.lock': '[[package]]\nname = "smallvec"\nversion = "1.6.0"\nsource = "registry+x"\n',
    'go/go.mod': 'module a.b/c\n\ngo 1.22\n\nrequire golang.org/x/crypto v0.30.0\n',
    'go/go.sum': 'golang.org/x/text v0.3.7 h1:x=\n',
    'go2/go.mod': 'module a.b/d\n\ngo 1.16\n',
    'go2/go.sum': 'golang.org/x/text v0.3.7 h1:x=\n',
  });
  const report = await held(path);
  expect(
    flaws(report)
      .map(({ file, message }) => `${file} ${message.split(':')[0]}`)
      .sort(),
  ).toEqual([
    'go/go.mod golang.org/x/crypto 0.30.0',
    'go2/go.sum golang.org/x/text 0.3.7',
    'py/requirements-dev.txt pyyaml 5.3.1',
    'py2/uv.lock gunicorn 21.2.0',
    'py3/poetry.lock certifi 2022.12.7',
    'py4/Pipfile.lock django 4.0.5',
    'rust/Cargo.lock smallvec 1.6.0',
    'web/package-lock.json minimist 1.2.5',
    'web2/yarn.lock ws 8.17.0',
    'web3/pnpm-lock.yaml braces 3.0.2',
  ]);
  expect(report.skipped).toMatchObject([
    { reason: 'unpinned', message: expect.stringContaining('py/requirements-dev.txt') as string },
  ]);
});

test('[HYG-25] without a lock file the step is skipped with the reason', async () => {
  const { path } = temporaryRepository({ 'a.js': '' });
  expect(await audit.fail('dependencies', {}, { workspace: path })).toMatchObject({
    code: 'step_skipped',
    details: { reason: 'not_applicable' },
  });
});

test('a lock file that cannot be read is a finding with its name, and the others are looked up', async () => {
  const { path } = temporaryRepository({
    'package-lock.json': '{"packages": {<<<<<<< HEAD',
    'go.sum': 'nonsense\n',
    'web/package-lock.json': npmLock({ lodash: '4.17.21' }),
  });
  const report = await look(path);
  expect(flaws(report)).toMatchObject([
    { rule: 'lock-unreadable', severity: 'medium', file: 'go.sum' },
    { rule: 'lock-unreadable', severity: 'medium', file: 'package-lock.json' },
  ]);
  expect(report.metrics).toMatchObject({ lockFiles: 1 });
  expect(flaws(await held(path, { threshold: 'medium' }))).toHaveLength(2);
});

test('lock files of tests and examples are told, and hold nothing', async () => {
  const { path } = temporaryRepository({ 'test/fixtures/package-lock.json': npmLock({ lodash: '4.17.20' }) });
  expect(flaws(await look(path))).toMatchObject([{ rule: 'GHSA-35jh-r3h4-6jhm', severity: 'low' }]);
});

test('[HYG-24] an accepted flaw stays accepted when the lock file changes around it', async () => {
  const repository = temporaryRepository({ 'package-lock.json': npmLock({ lodash: '4.17.20' }) });
  const workspace = repository.path;
  await audit.succeed('baseline-update', { reason: 'template is not used', author: 'ada' }, { workspace });
  repository.write('package-lock.json', npmLock({ abc: '1.0.0', lodash: '4.17.20' }));
  expect(await look(workspace)).toMatchObject({ accepted: 1, stale: [] });
  repository.write('package-lock.json', npmLock({ lodash: '4.17.21' }));
  expect(await look(workspace)).toMatchObject({ accepted: 0, stale: [{ rule: 'GHSA-35jh-r3h4-6jhm' }] });
  repository.write('package-lock.json', npmLock({ lodash: '4.17.19' }));
  expect(flaws(await held(workspace))).toHaveLength(1);
});

test('old data is told as information', async () => {
  const { path } = temporaryRepository({ 'package-lock.json': npmLock({}) });
  const { findings, metrics } = await look(path);
  expect(findings).toMatchObject([{ rule: 'advisories-old', severity: 'info', file: '.' }]);
  expect(metrics['databaseAgeDays']).toBeGreaterThan(30);
});

const osv = (id: string, name: string, change: object = {}) =>
  JSON.stringify({
    id,
    modified: new Date().toISOString(),
    aliases: [`CVE-2999-${id.length}`],
    summary: 'Something new',
    affected: [
      {
        package: { ecosystem: 'npm', name },
        ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '2.0.0' }] }],
      },
    ],
    ...change,
  });

test('[HYG-25] imported advisories are looked in by every later audit, with their age', async () => {
  const dataDir = temporaryFolder();
  const repository = temporaryRepository({
    'package-lock.json': npmLock({ fresh: '1.0.0', lodash: '4.17.20' }),
  });
  const workspace = repository.path;
  repository.write('osv/npm/NEW-1.json', osv('NEW-1', 'fresh'));
  repository.write('osv/npm/OLD.json', osv('OLD', 'fresh', { withdrawn: '2020-01-01T00:00:00Z' }));
  repository.write('osv/npm/broken.json', '{');
  repository.write('osv/README.md', 'no record');
  const run = (mode: 'apply' | 'preview') =>
    audit.run('advisories-import', { path: 'osv' }, { workspace, dataDir, mode });
  expect((await run('preview')).outcome.ok).toBe(true);
  expect(readdirSync(dataDir)).toEqual([]);
  expect((await run('apply')).outcome).toMatchObject({
    ok: true,
    output: {
      metrics: { advisories: 1, others: 1, invalid: 1 },
      skipped: [{ reason: 'invalid_record', message: expect.stringContaining('npm/broken.json') as string }],
    },
  });
  const report = await held(workspace, {}, dataDir);
  expect(report.findings.map(({ rule, severity }) => `${rule} ${severity}`)).toEqual([
    'NEW-1 high',
    'GHSA-35jh-r3h4-6jhm high',
  ]);
  expect(report.findings[0]).toMatchObject({ message: 'fresh 1.0.0: Something new (CVE-2999-5, unrated)' });
  expect(report.metrics['databaseAgeDays']).toBe(0);
  expect(report.summary).toContain('database imported on');

  // Another import replaces the former one and leaves nothing of it.
  repository.write('osv/npm/NEW-1.json', osv('NEW-2', 'fresh'));
  expect((await run('apply')).outcome.ok).toBe(true);
  expect(readdirSync(dataDir)).toHaveLength(2);
  expect((await held(workspace, {}, dataDir)).findings.map(({ rule }) => rule)).toContain('NEW-2');
});

test('a folder without a usable record is refused, and what was imported before stays', async () => {
  const dataDir = temporaryFolder();
  writeFileSync(join(dataDir, 'advisories.json'), '{}');
  const repository = temporaryRepository({ 'osv/a.json': '[]' });
  const refused = (path: string) =>
    audit.fail('advisories-import', { path }, { workspace: repository.path, dataDir });
  expect(await refused('osv')).toMatchObject({
    code: 'invalid_advisories',
    message: expect.stringContaining('a.json') as string,
  });
  expect(await refused('..')).toMatchObject({ code: 'outside_root' });
  expect(readFileSync(join(dataDir, 'advisories.json'), 'utf8')).toBe('{}');
});

test('advisories of a folder of the workspace count besides, and the same flaw is told once', async () => {
  const { path } = temporaryRepository({
    'package-lock.json': npmLock({ fresh: '1.0.0', lodash: '4.17.20' }),
    'advisories/a.json': osv('OWN-1', 'fresh', { database_specific: { severity: 'CRITICAL' } }),
    'advisories/b.json': osv('OWN-2', 'lodash', {
      aliases: ['CVE-2021-23337'],
      affected: [{ package: { ecosystem: 'npm', name: 'lodash' }, versions: ['4.17.20'] }],
    }),
  });
  const { findings } = await held(path, { advisories: 'advisories' });
  expect(findings.map(({ rule, severity }) => `${rule} ${severity}`)).toEqual([
    'OWN-1 critical',
    'OWN-2 high',
  ]);
});
