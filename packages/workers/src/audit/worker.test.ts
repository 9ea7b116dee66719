import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkedWorker, manifestProblems } from '../testing/checked-worker.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { temporaryRepository } from '../testing/temporary-repository.ts';
import type { AuditReport } from './report/audit-report.ts';
import { worker } from './worker.ts';

const audit = checkedWorker(import.meta.dirname, worker);

/** Put together here, so that the repository holds nothing that looks like a key. */
const TOKEN = ['ghp', 'A1b2C3d4E5A1b2C3d4E5A1b2C3d4E5f6G7h8'].join('_');
const LEAK = `const token = '${TOKEN}';\n`;

const scan = (workspace: string, input: object = {}) =>
  audit.succeed<AuditReport>('code', input, { workspace });
const rulesOf = ({ findings }: AuditReport) =>
  findings.map(({ rule, file, line }) => `${file}:${line ?? 0} ${rule}`);

/** The report in the details of a failed scan. */
async function held(
  workspace: string,
  input: object = {},
  action = 'code',
  dataDir?: string,
): Promise<AuditReport> {
  const failure = await audit.fail(action, input, {
    workspace,
    ...(dataDir === undefined ? {} : { dataDir }),
  });
  expect(failure.code).toBe('findings_above_threshold');
  return (failure.details as unknown as { report: AuditReport }).report;
}

test('the manifest is right', () => {
  expect(manifestProblems(audit, worker)).toEqual([]);
});

test('[HYG-23] a finding at or above the threshold fails the step, with the report in its details', async () => {
  const { path } = temporaryRepository({ 'src/deploy.js': LEAK, 'src/ok.js': 'export const a = 1;\n' });
  const failure = await audit.fail('code', {}, { workspace: path });
  expect(failure).toMatchObject({
    code: 'findings_above_threshold',
    message: expect.stringContaining('src/deploy.js:1 GitHub token') as string,
    hint: expect.stringContaining('cadre-ignore') as string,
  });
  const { report } = failure.details as unknown as { report: AuditReport };
  expect(report).toMatchObject({
    summary: '2 files: 1 high',
    findings: [
      {
        tool: 'cadre',
        kind: 'secrets',
        rule: 'secret-github-token',
        severity: 'high',
        confidence: 'low',
        file: 'src/deploy.js',
        line: 1,
        column: 16,
      },
    ],
    metrics: { files: 2, high: 1, critical: 0, findings: 1 },
  });
  expect(JSON.stringify(failure)).not.toContain(TOKEN.slice(0, 12));
});

test('[HYG-23] below the threshold the step succeeds and the findings are told, the worst first', async () => {
  const { path } = temporaryRepository({
    Dockerfile: 'FROM debian\n',
    'page.js': 'box.innerHTML = text;\nframe.postMessage(data, "*");\n',
  });
  const report = await scan(path);
  expect(rulesOf(report)).toEqual([
    'Dockerfile:1 docker-latest',
    'page.js:1 javascript-markup',
    'page.js:2 javascript-message-to-anyone',
  ]);
  expect(rulesOf(await held(path, { threshold: 'medium' }))).toHaveLength(3);
  expect(rulesOf(await held(path, { threshold: 'low', kinds: ['configuration'] }))).toEqual([
    'Dockerfile:1 docker-latest',
  ]);
});

test('[HYG-24] accepted findings do not count until they expire, and a second leak of the kind is new', async () => {
  const repository = temporaryRepository({ 'src/deploy.js': LEAK });
  const { path } = repository;
  const accepted = { reason: 'revoked', author: 'ada' };
  const update = await audit.succeed<AuditReport>('baseline-update', accepted, { workspace: path });
  expect(update).toMatchObject({
    changes: [{ path: '.cadre/baseline.json', change: 'created', before: null }],
    metrics: { added: 1, removed: 0 },
    accepted: 1,
  });
  expect(await scan(path)).toMatchObject({
    summary: '2 files: no findings, 1 accepted',
    accepted: 1,
    findings: [],
  });

  // Moved down, indented, and with another finding above: still the accepted one.
  repository.write('src/deploy.js', `// moved\n\n\n  ${LEAK}`);
  expect((await scan(path)).accepted).toBe(1);
  repository.write('src/deploy.js', `${LEAK}${LEAK}`);
  expect(await held(path)).toMatchObject({ accepted: 1, findings: [{ line: 2 }] });

  const file = join(path, '.cadre/baseline.json');
  const content = JSON.parse(readFileSync(file, 'utf8')) as { accepted: object[] };
  writeFileSync(
    file,
    JSON.stringify({
      ...content,
      accepted: content.accepted.map((entry) => ({ ...entry, expires: '2020-01-31' })),
    }),
  );
  repository.write('src/deploy.js', LEAK);
  expect(await held(path)).toMatchObject({
    accepted: 0,
    expired: [{ rule: 'secret-github-token', author: 'ada' }],
    findings: [{ line: 1 }],
  });
});

test('[HYG-24] entries whose flaw is gone are told and taken out; those of tools that did not run stay', async () => {
  const repository = temporaryRepository({ 'src/deploy.js': LEAK, 'src/old.js': 'eval(input);\n' });
  const { path } = repository;
  const accept = (input: object = {}) =>
    audit.succeed<AuditReport>(
      'baseline-update',
      { reason: 'known', author: 'ada', ...input },
      { workspace: path },
    );
  await accept();
  const file = join(path, '.cadre/baseline.json');
  const foreign = {
    fingerprint: 'f',
    tool: 'bandit',
    kind: 'sast',
    rule: 'B101',
    file: 'a.py',
    reason: 'known',
    author: 'ada',
    added: '2026-01-01',
  };
  const content = JSON.parse(readFileSync(file, 'utf8')) as { accepted: object[] };
  writeFileSync(file, JSON.stringify({ ...content, accepted: [...content.accepted, foreign] }));
  rmSync(join(path, 'src/old.js'));

  expect(await scan(path)).toMatchObject({
    accepted: 1,
    stale: [{ file: 'src/old.js', rule: 'javascript-eval' }],
  });
  expect((await scan(path, { paths: ['src/deploy.js'] })).stale).toEqual([]);
  expect((await scan(path, { kinds: ['secrets'] })).stale).toEqual([]);
  expect(await accept()).toMatchObject({ metrics: { added: 0, removed: 1, kept: 2 } });
  const kept = readFileSync(file, 'utf8');
  expect((JSON.parse(kept) as { accepted: { rule: string }[] }).accepted.map(({ rule }) => rule)).toEqual([
    'B101',
    'secret-github-token',
  ]);

  expect(await accept()).toMatchObject({ changes: [], metrics: { added: 0, removed: 0 } });
  expect(readFileSync(file, 'utf8')).toBe(kept);
});

test('[HYG-24] what expired is renewed with the new reason and day', async () => {
  const { path } = temporaryRepository({ 'src/deploy.js': LEAK });
  const accept = (reason: string, expires: string) =>
    audit.run('baseline-update', { reason, author: 'ada', expires }, { workspace: path });
  expect((await accept('first', '2020-01-31')).outcome).toMatchObject({
    ok: false,
    failure: { code: 'invalid_baseline' },
  });
  expect((await accept('first', '2999-02-31')).outcome).toMatchObject({
    ok: false,
    failure: { code: 'invalid_baseline' },
  });
  expect((await accept('second', '2999-01-31')).outcome.ok).toBe(true);
  expect(JSON.parse(readFileSync(join(path, '.cadre/baseline.json'), 'utf8'))).toMatchObject({
    accepted: [{ reason: 'second', expires: '2999-01-31' }],
  });
});

test.each([
  '{',
  '[]',
  '{"version":2,"accepted":[]}',
  '{"version":1,"accepted":[{"fingerprint":"x"}]}',
  '{"version":1}',
])('the baseline %s is refused and hides nothing', async (content) => {
  const repository = temporaryRepository({ 'src/deploy.js': LEAK });
  repository.write('.cadre/baseline.json', content);
  expect(await audit.fail('code', {}, { workspace: repository.path })).toMatchObject({
    code: 'invalid_baseline',
    message: expect.stringContaining('.cadre/baseline.json') as string,
  });
});

test('a baseline that was named must exist and lie in the workspace', async () => {
  const { path } = temporaryRepository({ 'a.js': '' });
  expect(await audit.fail('code', { baseline: 'none.json' }, { workspace: path })).toMatchObject({
    code: 'invalid_baseline',
  });
  expect(await audit.fail('code', { baseline: '../x.json' }, { workspace: path })).toMatchObject({
    code: 'outside_root',
  });
});

test('[HYG-23] a comment with a reason accepts one rule on its line or the line below', async () => {
  const { path } = temporaryRepository({
    'same.js': 'eval(input); // cadre-ignore: javascript-eval the input is ours\n',
    'above.js': '// cadre-ignore: javascript-eval the input is ours\neval(input);\n',
    'block.js': '/* cadre-ignore: javascript-eval the input is ours */\neval(input);\n',
  });
  expect(await scan(path)).toMatchObject({ findings: [], metrics: { suppressed: 3 } });
});

test('a comment for another rule, another line or without a reason accepts nothing', async () => {
  const { path } = temporaryRepository({
    'other.js': 'eval(input); // cadre-ignore: javascript-markup it is ours\n',
    'far.js': '// cadre-ignore: javascript-eval it is ours\n\neval(input);\n',
    'bare.js': 'eval(input); // cadre-ignore: javascript-eval\n',
  });
  expect(rulesOf(await held(path))).toEqual([
    'bare.js:1 javascript-eval',
    'far.js:3 javascript-eval',
    'other.js:1 javascript-eval',
    'bare.js:1 suppression-without-reason',
  ]);
});

test('only what is asked for is scanned: a folder, some paths, less what is excluded', async () => {
  const { path } = temporaryRepository({ 'a/x.js': LEAK, 'b/y.js': LEAK, 'b/z.js': LEAK, 'b c/ü.js': LEAK });
  const files = async (input: object) => (await held(path, input)).findings.map(({ file }) => file);
  expect(await files({ path: 'b' })).toEqual(['b/y.js', 'b/z.js']);
  expect(await files({ paths: ['a', 'b/z.js'] })).toEqual(['a/x.js', 'b/z.js']);
  expect(await files({ paths: ['b c/ü.js'] })).toEqual(['b c/ü.js']);
  expect(await files({ paths: [], exclude: ['b', 'b c'] })).toEqual(['a/x.js']);
});

test('[HYG-23] hostile files are passed over with their names, and the others are scanned', async () => {
  const repository = temporaryRepository({ 'leak.js': LEAK });
  const { path } = repository;
  repository.write('image.png', Buffer.from([0x89, 0x50, 0, 0, 1, 2]));
  repository.write('huge.js', `${'x'.repeat(1_100_000)}\n${LEAK}`);
  repository.write('line.js', `const a = 1;${'b();'.repeat(200_000)}${LEAK}`);
  repository.write(
    'invalid.py',
    Buffer.concat([Buffer.from([0xff, 0xfe + 1, 0xc3, 0x28, 10]), Buffer.from(`os.system(x)\n`)]),
  );
  repository.write('wide.ini', Buffer.from(`\ufeffapi_token = ${TOKEN}\n`, 'utf16le'));
  repository.write('.github/workflows/deep.yml', `uses:\n${'['.repeat(200_000)}`);
  repository.write('locked.js', LEAK);
  chmodSync(join(path, 'locked.js'), 0o000);
  symlinkSync('.', join(path, 'loop'));
  symlinkSync('/etc', join(path, 'out'));
  symlinkSync('missing', join(path, 'dangling.js'));
  const report = await held(path);
  const readable = process.getuid?.() === 0 ? ['locked.js:1 secret-github-token'] : [];
  expect(rulesOf(report).sort()).toEqual(
    [
      'invalid.py:2 python-system',
      'leak.js:1 secret-github-token',
      'line.js:1 secret-github-token',
      'wide.ini:1 secret-github-token',
      ...readable,
    ].sort(),
  );
  const told = report.skipped.map(({ reason, message }) => `${reason} ${message}`).sort();
  expect(told).toEqual(
    expect.arrayContaining([
      'binary 1 file not scanned (no text): image.png',
      'too_large 1 file not scanned (over 1 MiB): huge.js',
    ]),
  );
});

test('ten thousand findings make a report of the worst thousand, and a SARIF log of all', async () => {
  const { path } = temporaryRepository({ 'a.py': 'pickle.loads(x)\n'.repeat(10_000), 'b.py': 'eval(x)\n' });
  const dataDir = temporaryFolder();
  const report = await held(path, { sarif: true }, 'code', dataDir);
  expect(report.findings).toHaveLength(1_000);
  expect(report.findings[0]).toMatchObject({ rule: 'python-eval' });
  expect(report.metrics).toMatchObject({ findings: 10_001 });
  expect(report.skipped).toMatchObject([{ reason: 'too_many' }]);
  const log = JSON.parse(readFileSync(report.artifacts[0] ?? '', 'utf8')) as {
    runs: { results: object[] }[];
  };
  expect(log.runs[0]?.results).toHaveLength(10_001);
});

test('[HYG-24] a SARIF log goes to the path of the workspace that is asked for; a preview only tells of it', async () => {
  const { path } = temporaryRepository({ 'a.js': 'box.innerHTML = text;\n' });
  const input = { sarif: 'reports/scan.sarif' };
  const preview = await audit.run('code', input, { workspace: path, mode: 'preview' });
  expect(preview.effects).toMatchObject([{ kind: 'file', change: 'created', path: 'reports/scan.sarif' }]);
  expect(existsSync(join(path, 'reports'))).toBe(false);
  expect(await scan(path, input)).toMatchObject({
    changes: [{ path: 'reports/scan.sarif', change: 'created' }],
  });
  expect(JSON.parse(readFileSync(join(path, 'reports/scan.sarif'), 'utf8'))).toMatchObject({
    version: '2.1.0',
  });
  expect(await audit.fail('code', { sarif: '../out.sarif' }, { workspace: path })).toMatchObject({
    code: 'outside_root',
  });
});

test('an empty folder and a folder without git are scanned', async () => {
  const folder = temporaryFolder();
  expect(await scan(folder)).toMatchObject({ summary: '0 files: no findings' });
  mkdirSync(join(folder, 'src'));
  writeFileSync(join(folder, 'src/a.js'), LEAK);
  expect(rulesOf(await held(folder))).toEqual(['src/a.js:1 secret-github-token']);
});

test('a cancelled scan ends', async () => {
  const { path } = temporaryRepository({ 'a.js': LEAK });
  const tried = await audit.run('code', {}, { workspace: path, signal: AbortSignal.abort() });
  expect(tried.outcome.ok).toBe(false);
});

test('[HYG-36] ten thousand files are scanned in seconds', async () => {
  const folder = temporaryFolder();
  const line = 'export const value = compute(input.password, "a text", 42); // nothing to see\n';
  for (let index = 0; index < 100; index++) {
    mkdirSync(join(folder, `folder${index}`));
    for (let file = 0; file < 100; file++)
      writeFileSync(join(folder, `folder${index}/f${file}.ts`), line.repeat(60));
  }
  const started = performance.now();
  expect(await scan(folder)).toMatchObject({ metrics: { files: 10_000, findings: 0 } });
  // Some four seconds on two idle cores; the rest is for busy ones.
  expect(performance.now() - started).toBeLessThan(45_000);
}, 120_000);
