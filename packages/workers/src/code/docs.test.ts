import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { checkedWorker } from '../testing/checked-worker.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { type TemporaryRepository, temporaryRepository } from '../testing/temporary-repository.ts';
import type { DocsReport } from './docs/docs-input.ts';
import { worker } from './worker.ts';

const code = checkedWorker(import.meta.dirname, worker);

const docs = (repository: TemporaryRepository, input: object = {}) =>
  code.succeed<DocsReport>('docs', input, { workspace: repository.path });

const read = (repository: TemporaryRepository, path: string) =>
  readFileSync(join(repository.path, path), 'utf8');

const ADD = `/**
 * Adds two numbers.
 * @param a the first
 * @param b the second
 * @returns the sum
 * @throws {RangeError} when it is too large
 * @deprecated use {@link Sum.of}
 */
export function add(a: number, b = 2): number { return a + b; }

/** Sums. */
export class Sum {
  /** Of many. */
  static of(...values: number[]): number { return values.length; }
  #hidden = 1;
  private secret = 2;
}

const kept = 1;
`;

test('[HYG-44] TypeScript becomes pages in HTML and Markdown with signatures, tags, members and an index', async () => {
  const repository = temporaryRepository({ 'src/add.ts': ADD, 'package.json': '{"name":"sums"}' });

  const report = await docs(repository);

  expect(report.changedFiles).toEqual([
    'docs/api/index.html',
    'docs/api/index.md',
    'docs/api/src/add.ts.html',
    'docs/api/src/add.ts.md',
  ]);
  const page = read(repository, 'docs/api/src/add.ts.md');
  expect(page).toContain('```ts\nfunction add(a: number, b = 2): number\n```');
  expect(page).toContain('> **Deprecated** use [`Sum.of`](add.ts.md#sumof)');
  expect(page).toContain('- `a: number` – the first\n- `b = 2` – the second');
  expect(page).toContain('**Returns** `number` – the sum');
  expect(page).toContain('**Throws**\n\n- `RangeError` – when it is too large');
  expect(page).toContain('#### `Sum.of`\n\n```ts\nstatic of(...values: number[]): number\n```\n\nOf many.');
  expect(page).not.toMatch(/hidden|secret|kept/);
  expect(read(repository, 'docs/api/index.md')).toContain(
    '- [`add`](src/add.ts.md#add) – function of `src/add.ts`, deprecated',
  );
  expect(read(repository, 'docs/api/index.md')).toContain('# API of `sums`');
  expect(read(repository, 'docs/api/src/add.ts.html')).toContain('<a href="add.ts.html#sumof">');
  expect(report.coverage).toEqual({ symbols: 3, documented: 3, share: 100 });
});

test('[HYG-44] Python shows what __all__ names, with docstrings of the three styles', async () => {
  const repository = temporaryRepository({
    'pkg/tools.py': `"""Tools.\n\n>>> google(1)\n"""
__all__ = ["google", "numpy", "Fields"]

def google(a: int, *rest, b="x") -> str:
    """Does it.

    Args:
        a (int): the first
            goes on
        b: the other

    Raises:
        ValueError: if bad
    """

def numpy(x):
    """Other.

    Parameters
    ----------
    x : float
        A value.

    Returns
    -------
    bool
        Whether so.
    """

class Fields:
    """Has fields."""
    #: how many
    size: int = 3

    def get(self, key):
        """
        :param str key: its name
        :rtype: int
        """

def left_out(): pass
`,
    'pkg/_private.py': 'def nobody(): pass\n',
    'tests/test_tools.py': 'def test_it(): pass\n',
  });

  const report = await docs(repository);

  const page = read(repository, 'docs/api/pkg/tools.py.md');
  expect(page).toContain('def google(a: int, *rest, b="x") -> str');
  expect(page).toContain('- `a: int` – the first goes on\n- `rest`\n- `b = "x"` – the other');
  expect(page).toContain('- `ValueError` – if bad');
  expect(page).toContain('- `x: float` – A value.');
  expect(page).toContain('**Returns** `bool` – Whether so.');
  expect(page).toContain('size: int = 3\n```\n\nhow many');
  expect(page).toContain('- `key: str` – its name');
  expect(page).toContain('```pycon\n>>> google(1)\n```');
  expect(page).not.toContain('left_out');
  expect(report.coverage.symbols).toBe(4);
  expect(report.metrics['modules']).toBe(1);
});

test('[HYG-44] Go has one page a package, with what begins with a capital', async () => {
  const repository = temporaryRepository({
    'store/a.go': `// Package store keeps.\npackage store

// Open opens.
//
// Deprecated: use New.
func Open(path string, flags ...int) (*Store, error) {
	if x == y {
		return nil, nil
	}
	return nil, nil
}

func hidden() {}
`,
    'store/b.go':
      'package store\n\n// Store is one.\ntype Store struct {\n\tName string\n}\n\n// Get gets.\nfunc (s *Store) Get() string { return "" }\n',
    'store/a_test.go': 'package store\n\nfunc TestIt() {}\n',
  });

  await docs(repository);

  const page = read(repository, 'docs/api/store/package.go.md');
  expect(page).toContain('func Open(path string, flags ...int) (*Store, error)');
  expect(page).toContain('> **Deprecated** use New.');
  expect(page).toContain('#### `Store.Get`');
  expect(page).not.toMatch(/hidden|TestIt/);
});

test('[HYG-44] CommonJS, overloads, handed on names and default exports are shown as others use them', async () => {
  const repository = temporaryRepository({
    'a.cjs':
      '/** One. */\nfunction one(x) {}\nmodule.exports = { one, two: () => 1 };\nfunction three() {}\n',
    'b.ts': `/** Either. */
export function pick(a: string): string;
export function pick(a: number): number;
export function pick(a: any): any { return a; }
export * from './c.ts';
const inner = 1;
export { inner as outer };
export default class Main {}
`,
  });

  await docs(repository);

  const script = read(repository, 'docs/api/a.cjs.md');
  expect(script).toContain('function one(x)');
  expect(script).toContain('### `two`');
  expect(script).not.toContain('three');
  const page = read(repository, 'docs/api/b.ts.md');
  expect(page).toContain(
    'function pick(a: string): string\nfunction pick(a: number): number\n```\n\nEither.',
  );
  expect(page).not.toContain('any');
  expect(page).toContain("- `* from './c.ts'`");
  expect(page).toContain('### `outer`');
  expect(page).toContain('### `Main`');
});

test('[HYG-44] a second run changes nothing, and the same sources elsewhere give the same bytes', async () => {
  const files = { 'src/add.ts': ADD, 'm.py': '"""Doc."""\ndef f(): pass\n', 'GUIDE.md': '# x\n' };
  const first = temporaryRepository(files);
  const second = temporaryRepository(files);
  await docs(first);

  expect(await docs(first)).toMatchObject({ changes: [], changedFiles: [] });
  await docs(second);

  const pages = (repository: TemporaryRepository) =>
    readdirSync(join(repository.path, 'docs'), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(md|html)$/.test(name))
      .sort()
      .map((name) => [name, read(repository, `docs/${name}`)]);
  expect(pages(second)).toEqual(pages(first));
  expect(pages(first).length).toBe(6);
});

test('[HYG-44] a page with the line ends of another system is up to date', async () => {
  const repository = temporaryRepository({ 'a.ts': '/** A. */\nexport const a = 1;\n' });
  await docs(repository, { formats: ['markdown'] });
  const page = read(repository, 'docs/api/a.ts.md');
  repository.write('docs/api/a.ts.md', page.replaceAll('\n', '\r\n'));

  expect((await docs(repository, { formats: ['markdown'] })).changedFiles).toEqual([]);
});

test('[HYG-44] pages of what is gone are removed; what a person wrote stays and is reported', async () => {
  const repository = temporaryRepository({
    'a.ts': 'export const a = 1;\n',
    'old/b.ts': 'export const b = 1;\n',
    'docs/api/notes.md': '# Mine\n',
    'docs/api/a.ts.md': '# Also mine\n',
  });
  await docs(repository);
  expect(existsSync(join(repository.path, 'docs/api/old/b.ts.md'))).toBe(true);
  repository.git('rm', '--quiet', 'old/b.ts');

  const report = await docs(repository);

  expect(report.changes).toContainEqual(
    expect.objectContaining({ path: 'docs/api/old/b.ts.md', change: 'deleted' }),
  );
  expect(existsSync(join(repository.path, 'docs/api/old'))).toBe(false);
  expect(read(repository, 'docs/api/notes.md')).toBe('# Mine\n');
  expect(read(repository, 'docs/api/a.ts.md')).toBe('# Also mine\n');
  expect(report.findings.map(({ rule, file, severity }) => [rule, file, severity])).toEqual([
    ['in-the-way', 'docs/api/a.ts.md', 'medium'],
    ['hand-written', 'docs/api/notes.md', 'info'],
  ]);
});

test('[HYG-44] a folder that a link leads to is refused, and nothing is written through one', async () => {
  const repository = temporaryRepository({ 'a.ts': 'export const a = 1;\n' });
  const outside = temporaryFolder();
  symlinkSync(outside, join(repository.path, 'docs'));

  const failure = await code.fail('docs', {}, { workspace: repository.path });

  expect(failure.code).toBe('outside_root');
  expect(readdirSync(outside)).toEqual([]);
  const other = await code.fail('docs', { output: '../out' }, { workspace: repository.path });
  expect(other.code).toBe('outside_root');
});

test('[HYG-44] what looks like HTML in comments and names stays text in both formats', async () => {
  const evil =
    '<script>alert(1)</script> <img src=x onerror=alert(2)> [x](javascript:alert(3)) ![y](https://example.org/y.png)';
  const repository = temporaryRepository({
    'a.ts': `/** ${evil}\n * @param a ${evil}\n * @returns ${evil} */\nexport function f(a = '<script>') {}\n`,
    'b.py': `"""${evil}\n\n- \`\`\`\n- <script>alert(4)</script>\n"""\ndef g():\n    """${evil}"""\n`,
  });

  await docs(repository);

  for (const name of ['index', 'a.ts', 'b.py']) {
    const html = read(repository, `docs/api/${name}.html`);
    expect(html).not.toMatch(/<script|<img|javascript:/);
    expect(html).toContain('default-src &#39;none&#39;');
    const markdown = read(repository, `docs/api/${name}.md`).replace(/^```[\s\S]*?^```$/gm, '');
    expect(markdown.replace(/`[^`\n]*`/g, '').slice(10)).not.toMatch(/<script|<img|\]\(javascript|!\[/);
  }
  expect(read(repository, 'docs/api/a.ts.html')).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
});

test('[HYG-44] links of comments are checked, made relative to the page, and all links of the pages lead somewhere', async () => {
  const repository = temporaryRepository({
    'GUIDE (1).md': '# Guide\n',
    'src/a b.ts': `/**
 * See [the guide](../GUIDE%20(1).md#top), [lost](./lost.md), [out](../../etc/passwd), {@link Other | the other},
 * {@link missing}, {@link local}, {@link Promise}.
 */
import { x } from 'x';
/** A. See {@link Other.run} */
export const a = 1;
const local = 2;
`,
    'lib/other.ts':
      '/** O */\nexport class Other {\n  /** R, see [a](../src/a%20b.ts). */\n  run(): void {}\n}\n',
  });

  const report = await docs(repository);

  expect(report.findings.map(({ rule, file, message }) => [rule, file, message])).toEqual([
    ['broken-link', 'src/a b.ts', 'the comment links to ./lost.md, which is not there'],
    ['broken-link', 'src/a b.ts', 'the comment links to ../../etc/passwd, which is not there'],
    ['broken-link', 'src/a b.ts', 'the comment links to missing, which is not documented'],
  ]);
  const page = read(repository, 'docs/api/src/a b.ts.md');
  expect(page).toContain('[the guide](../../../GUIDE%20%281%29.md#top)');
  expect(page).toContain('[the other](../lib/other.ts.md#other)');
  expect(deadLinks(repository, 'docs/api')).toEqual([]);
});

/** Relative links of generated pages whose file or heading is not there. */
function deadLinks(repository: TemporaryRepository, folder: string): string[] {
  const names = readdirSync(join(repository.path, folder), { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => name.endsWith('.html'))
    .flatMap((name) => {
      const file = join(folder, name);
      const links = [...read(repository, file).matchAll(/href="([^"]+)"/g)].map(([, href = '']) => href);
      expect(links.length).toBeGreaterThan(0);
      return links.filter((href) => {
        const [path = '', id] = href.split('#').map(decodeURIComponent);
        const target = join(repository.path, dirname(file), path);
        if (!existsSync(target)) return true;
        return (
          id !== undefined && target.endsWith('.html') && !readFileSync(target, 'utf8').includes(`id="${id}"`)
        );
      });
    });
}

test('[HYG-44] below the floor the step fails with both numbers and the symbols, and writes nothing', async () => {
  const repository = temporaryRepository({
    'a.ts': '/** A. */\nexport const a = 1;\nexport const b = 2;\nexport const c = 3;\n',
  });

  const failure = await code.fail('docs', { floor: 50 }, { workspace: repository.path });

  expect(failure).toMatchObject({ code: 'documentation_below_floor', details: { share: 33.3, floor: 50 } });
  expect(failure.message).toContain('33.3 %');
  expect(failure.message).toContain('50 %');
  expect(failure.message).toContain('b (a.ts:3)');
  expect(repository.git('status', '--porcelain')).toBe('');
  expect((await docs(repository, { floor: 33.3 })).coverage.share).toBe(33.3);
});

test('[HYG-44] strict fails on a warning and keeps the old pages; without it the warning is a finding with its line', async () => {
  const repository = temporaryRepository({
    'a.ts': '/**\n * A.\n * @param old gone\n */\nexport function a(now: string) {}\n',
  });

  const failure = await code.fail('docs', { strict: true }, { workspace: repository.path });

  expect(failure).toMatchObject({ code: 'documentation_warnings' });
  expect(failure.message).toContain('a.ts:5: the comment of a describes old, which is no parameter of it');
  expect(existsSync(join(repository.path, 'docs'))).toBe(false);
  expect((await docs(repository)).findings).toMatchObject([
    { rule: 'unknown-parameter', file: 'a.ts', line: 5 },
  ]);
});

test('[HYG-44] a file that cannot be parsed is a finding with its line; its old page stays and the others go on', async () => {
  const repository = temporaryRepository({ 'a.ts': 'export const a = 1;\n', 'b.py': 'def b(): pass\n' });
  await docs(repository);
  repository.write('a.ts', 'export const a = 1;\n<<<<<<< HEAD\n=======\n');
  repository.write('b.py', 'def b(): pass\ndef more(): pass\n');

  const report = await docs(repository);

  expect(report.findings).toMatchObject([{ rule: 'syntax', severity: 'high', file: 'a.ts', line: 2 }]);
  expect(existsSync(join(repository.path, 'docs/api/a.ts.md'))).toBe(true);
  expect(read(repository, 'docs/api/b.py.md')).toContain('### `more`');
});

test('[HYG-44] a check writes nothing and names the pages that are out of date', async () => {
  const repository = temporaryRepository({ 'a.ts': 'export const a = 1;\n' });
  await docs(repository, { formats: ['markdown'] });
  repository.write('a.ts', '/** New. */\nexport const a = 1;\n');

  const report = await docs(repository, { formats: ['markdown'], check: true });

  expect(report.wouldChange).toEqual(['docs/api/a.ts.md', 'docs/api/index.md']);
  expect(report.findings).toMatchObject([{ rule: 'out-of-date' }, { rule: 'out-of-date' }]);
  expect(read(repository, 'docs/api/a.ts.md')).not.toContain('New.');
});

test('[HYG-44] a preview tells the changes as diffs and writes nothing', async () => {
  const repository = temporaryRepository({ 'a.ts': '/** A. */\nexport const a = 1;\n' });

  const { effects } = await code.run('docs', {}, { workspace: repository.path, mode: 'preview' });

  const page = effects.find((effect) => effect.kind === 'file' && effect.path === 'docs/api/a.ts.md');
  expect(page).toMatchObject({ change: 'created', diff: expect.stringContaining('+const a = 1') });
  expect(repository.git('status', '--porcelain')).toBe('');
});

test('[HYG-44] secrets in the code are masked on its page', async () => {
  const token = ['ghp', '9aB3kZ7qLm2XcV8nTr5YwE1uJ4oP6sD0fGhQ'].join('_');
  const repository = temporaryRepository({ 'a.ts': `export const TOKEN = '${token}';\n` });

  const report = await docs(repository);

  expect(read(repository, 'docs/api/a.ts.md')).not.toContain(token);
  expect(report.findings).toMatchObject([{ rule: 'secret-masked', severity: 'info', file: 'a.ts' }]);
});

test('[HYG-44] a repository without modules is skipped, and a folder inside of the workspace has its own pages', async () => {
  const empty = temporaryRepository({ 'README.md': '# x\n' });
  expect(await code.fail('docs', {}, { workspace: empty.path })).toMatchObject({
    code: 'step_skipped',
    details: { reason: 'nothing_to_do' },
  });
  const repository = temporaryRepository({
    'packages/x/a.ts': 'export const a = 1;\n',
    'b.ts': 'export const b = 1;\n',
  });
  expect((await docs(repository, { path: 'packages/x', formats: ['markdown'] })).changedFiles).toEqual([
    'packages/x/docs/api/a.ts.md',
    'packages/x/docs/api/index.md',
  ]);
});

test('an unknown generator, a file as output and the folder itself as output are refused', async () => {
  const repository = temporaryRepository({ 'a.ts': 'export const a = 1;\n' });
  mkdirSync(join(repository.path, 'docs'));
  writeFileSync(join(repository.path, 'docs/api'), 'mine');
  for (const input of [{ tools: ['typodoc'] }, {}, { output: '.' }]) {
    expect((await code.fail('docs', input, { workspace: repository.path })).code).toBe('invalid_input');
  }
  expect(read(repository, 'docs/api')).toBe('mine');
});
