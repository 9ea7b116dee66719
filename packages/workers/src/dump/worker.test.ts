import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { checkedWorker, manifestProblems } from '../testing/checked-worker.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { temporaryRepository } from '../testing/temporary-repository.ts';
import { maskSecrets } from './mask.ts';
import { worker } from './worker.ts';

const dump = checkedWorker(import.meta.dirname, worker);

interface Dumped {
  readonly path: string;
  readonly metrics: Record<string, number>;
  readonly changes: object[];
  readonly findings: { file: string }[];
}

async function dumpOf(workspace: string, input: object = {}) {
  const dataDir = temporaryFolder();
  const done = await dump.succeed<Dumped>('create', input, { workspace, dataDir });
  return { ...done, text: readFileSync(done.path, 'utf8') };
}

/** Paths whose text is in the dump, in its order. */
function shownIn(text: string): string[] {
  return [...text.matchAll(/^### `(.+)`$/gm)].map((match) => match[1] ?? '');
}

/** Put together, so that this file holds nothing that looks like a secret. */
const TOKEN = ['ghp', 'aB3dE6gH9jK2mN5pQ8rS1tU4vW7xY0zA1bC2'].join('_');

test('[WRK-58] the manifest and the code name the same actions, and each effect has a preview', () => {
  expect(manifestProblems(dump, worker)).toEqual([]);
});

test('[HYG-28] a dump has contents, tree, git data, digests and sources', async () => {
  const repository = temporaryRepository({ 'src/a.ts': 'export const a = 1;\n', 'README.md': '# Shop\n' });
  repository.write('src/a.ts', 'export const a = 2;\n');
  const { text } = await dumpOf(repository.path);
  expect(text).toContain('- Branch: `work`');
  expect(text).toContain(`- Commit: \`${repository.git('rev-parse', 'HEAD')}\``);
  expect(text).toContain('- Changed since: 1 files');
  expect(text).toContain('1. [`README.md`](#file-1)\n2. [`src/a.ts`](#file-2)\n');
  expect(text).toContain('```text\nREADME.md\nsrc/\n  a.ts\n```');
  expect(text).toContain(`| \`README.md\` | 7 | ${sha256('# Shop\n')} | shown |`);
  expect(text).toContain('<a id="file-2"></a>\n\n### `src/a.ts`\n\n```ts\nexport const a = 2;\n```');
});

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

test('[HYG-28] binary, large and unreadable files are listed only, ignored ones not at all', async () => {
  const repository = temporaryRepository({
    '.gitignore': 'out/\n',
    'big.txt': 'x'.repeat(300_000),
    'a.txt': 'a\n',
  });
  repository.write('nul.bin', Buffer.from([0, 1]));
  repository.write('latin.txt', Buffer.from([0x61, 0xe9]));
  repository.write('out/built.js', 'built');
  symlinkSync('/etc/passwd', join(repository.path, 'link'));
  const { text } = await dumpOf(repository.path);
  expect(shownIn(text)).toEqual(['.gitignore', 'a.txt']);
  expect(text).toMatch(/\| `big\.txt` \| 300000 \| [0-9a-f]{64} \| too large \|/);
  expect(text).toMatch(/\| `nul\.bin` \| 2 \| [0-9a-f]{64} \| binary \|/);
  expect(text).toMatch(/\| `latin\.txt` .* binary \|/);
  expect(text).not.toContain('built');
  expect(text).not.toContain('link');
});

test('[HYG-28] secrets are masked and named', async () => {
  const repository = temporaryRepository({
    'config.ts': `const token = '${TOKEN}';\nconst name = 'shop';\n`,
  });
  const { text, findings } = await dumpOf(repository.path);
  expect(text).toContain("const token = '[secret masked]';\nconst name = 'shop';");
  expect(text).not.toContain(TOKEN);
  expect(findings).toMatchObject([{ file: 'config.ts', rule: 'secret_masked' }]);
});

test('the same files give the same bytes', async () => {
  const repository = temporaryRepository({ 'b.py': 'import a\n', 'a.py': 'x = 1\n', 'ü.py': '' });
  expect((await dumpOf(repository.path)).text).toBe((await dumpOf(repository.path)).text);
});

test('[HYG-28] a budget keeps the most central files: what explains, where it begins, what others import', async () => {
  const repository = temporaryRepository({
    'README.md': '# Shop\n',
    'package.json': '{}\n',
    'src/main.ts': "import { price } from './lib/price.ts';\n",
    'src/cart.ts': "import { price } from './lib/price.ts';\n",
    'src/lib/price.ts': 'export const price = 1;\n',
    'src/lonely.ts': 'export {};\n',
    'test/price.test.ts': "import '../src/lib/price.ts';\n",
    'package-lock.json': '{}\n',
  });
  const all = await dumpOf(repository.path);
  expect(shownIn(all.text)).toEqual([
    'README.md',
    'package.json',
    'src/main.ts',
    'src/lib/price.ts',
    'src/cart.ts',
    'src/lonely.ts',
    'test/price.test.ts',
    'package-lock.json',
  ]);
  const small = await dumpOf(repository.path, { tokens: 500 });
  expect(shownIn(small.text).slice(0, 4)).toEqual(shownIn(all.text).slice(0, 4));
  expect(shownIn(small.text).length).toBeLessThan(8);
  expect(Buffer.byteLength(small.text)).toBeLessThanOrEqual(2_000);
  expect(small.text).toContain('over budget');
});

test('nothing in a file or a name can end its fence or break the lists', async () => {
  const repository = temporaryRepository({
    'fence.md': '````\n# not a heading\n````\n',
    'a|b`c\nd.txt': 'x',
  });
  const { text } = await dumpOf(repository.path);
  expect(text).toContain('`````md\n````\n# not a heading\n````\n`````');
  expect(text).toContain('### `` a|b`c\\nd.txt ``');
  expect(text).toContain('| `` a\\|b`c\\nd.txt `` | 1 |');
});

test('parts can be chosen and left out', async () => {
  const repository = temporaryRepository({ 'src/a.ts': 'a', 'src/gen/b.ts': 'b', 'docs/c.md': 'c' });
  expect(shownIn((await dumpOf(repository.path, { include: ['src'], exclude: ['gen'] })).text)).toEqual([
    'src/a.ts',
  ]);
  expect(shownIn((await dumpOf(repository.path, { path: 'docs' })).text)).toEqual(['docs/c.md']);
});

test('a dump inside the workspace is a change and not part of the next one', async () => {
  const repository = temporaryRepository({ 'a.txt': 'a' });
  const first = await dumpOf(repository.path, { output: 'out/dump.md' });
  const second = await dumpOf(repository.path, { output: 'out/dump.md' });
  expect(first.changes).toEqual([{ path: 'out/dump.md', change: 'created', before: null }]);
  expect(second.changes).toMatchObject([{ path: 'out/dump.md', change: 'modified' }]);
  expect(second.text).toBe(first.text);
  const outside = await dump.fail('create', { output: '../dump.md' }, { workspace: repository.path });
  expect(outside.code).toBe('outside_root');
});

test('[HYG-28] a dump can be compressed', async () => {
  const repository = temporaryRepository({ 'a.txt': 'a' });
  const at = { workspace: repository.path, dataDir: temporaryFolder() };
  const { path } = await dump.succeed<Dumped>('create', { gzip: true }, at);
  expect(path).toMatch(/_\d{8}T\d{6}Z\.md\.gz$/);
  expect(gunzipSync(readFileSync(path)).toString()).toContain('### `a.txt`');
});

test('filters of a hostile repository are not run', async () => {
  const repository = temporaryRepository({ '.gitattributes': '*.txt filter=evil\n', 'a.txt': '1' });
  writeFileSync(join(repository.path, '.git/evil.sh'), '#!/bin/sh\ntouch .git/ran\ncat\n');
  chmodSync(join(repository.path, '.git/evil.sh'), 0o755);
  repository.git('config', 'filter.evil.clean', join(repository.path, '.git/evil.sh'));
  repository.write('a.txt', '2');
  await dumpOf(repository.path);
  expect(existsSync(join(repository.path, '.git/ran'))).toBe(false);
});

test('[HYG-17] old dumps are removed except the newest', async () => {
  const at = { workspace: temporaryRepository({ 'a.txt': 'a' }).path, dataDir: temporaryFolder() };
  const folder = join(at.dataDir, 'dumps');
  mkdirSync(folder);
  const names = [
    'z_20250101T000000Z.md',
    'a_20260101T000000Z.md',
    'a_20260101T000000Z-10.md',
    'a_20260101T000000Z-2.md',
  ];
  for (const name of [...names, 'notes.md']) writeFileSync(join(folder, name), 'x');
  const planned = await dump.run('prune', { keep: 2 }, { ...at, mode: 'preview' });
  expect(planned.effects).toHaveLength(2);
  expect(readdirSync(folder)).toHaveLength(5);
  await dump.succeed('prune', { keep: 2 }, at);
  expect(readdirSync(folder).toSorted()).toEqual([
    'a_20260101T000000Z-10.md',
    'a_20260101T000000Z-2.md',
    'notes.md',
  ]);
  expect(await dump.fail('prune', { keep: 2 }, at)).toMatchObject({ details: { reason: 'nothing_to_do' } });
});

test('[HYG-3] a plan says what would be written and writes nothing', async () => {
  const at = { workspace: temporaryRepository({ 'a.txt': 'a' }).path, dataDir: temporaryFolder() };
  const { effects, outcome } = await dump.run('create', {}, { ...at, mode: 'preview' });
  expect(effects).toMatchObject([{ kind: 'archive', files: 1 }]);
  expect(outcome).toMatchObject({ ok: true, output: { path: null } });
  expect(readdirSync(at.dataDir)).toEqual([]);
});

const random = ['q8Zr2', 'Lx9Tn4', 'Vb7Km1'].join('');

test.each([
  [
    'a private key',
    `a\n-----BEGIN RSA ${'PRIVATE'} KEY-----\nMIIE\n-----END RSA ${'PRIVATE'} KEY-----\nb`,
    'a\n[secret masked]\nb',
  ],
  ['a token', `curl -H "x: ${TOKEN}"`, 'curl -H "x: [secret masked]"'],
  ['a quoted assignment', `dbPassword: "${random}",`, 'dbPassword: [secret masked],'],
  ['a line of an environment file', `API_KEY=${random}\nPORT=8080`, 'API_KEY=[secret masked]\nPORT=8080'],
  ['a JSON member', `{"client_secret": "${random}"}`, '{"client_secret": [secret masked]}'],
  ['a password in an address', `postgres://me:${random}@db/x`, 'postgres://me:[secret masked]@db/x'],
])('masks %s', (_what, text, masked) => {
  expect(maskSecrets(text)).toEqual({ text: masked, count: 1 });
});

test.each([
  'const token = await readToken();',
  "const password = process.env['PASSWORD'] ?? '';",
  'password: "${{ secrets.NAME }}"',
  'apiKey: "<your api key 1>"',
  "tokenCount = 'the number of tokens 12'",
  'sha256: "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"',
  'https://example.org/a:b@c',
])('leaves %s alone', (text) => {
  expect(maskSecrets(text)).toEqual({ text, count: 0 });
});

test('masking a very long line takes no long time', () => {
  const line = `token='${'a1='.repeat(90_000)}`;
  const startedAt = performance.now();
  maskSecrets(line);
  maskSecrets(`${'password '.repeat(30_000)}=`);
  expect(performance.now() - startedAt).toBeLessThan(2_000);
});
