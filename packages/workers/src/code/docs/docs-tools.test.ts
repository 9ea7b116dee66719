import { chmodSync, existsSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isInstalled } from '../../../../../scripts/installed-program.ts';
import { checkedWorker } from '../../testing/checked-worker.ts';
import { modulesWith } from '../../testing/modules-with.ts';
import { type TemporaryRepository, temporaryRepository } from '../../testing/temporary-repository.ts';
import { worker } from '../worker.ts';
import type { DocsReport } from './docs-input.ts';
import { configuredTools } from './docs-tools.ts';

const code = checkedWorker(join(import.meta.dirname, '..'), worker);

const docs = (repository: TemporaryRepository, input: object = {}) =>
  code.succeed<DocsReport>('docs', input, { workspace: repository.path });

const read = (repository: TemporaryRepository, path: string) =>
  readFileSync(join(repository.path, path), 'utf8');

/** A program of the repository's own, found before any on PATH. */
function installTool(repository: TemporaryRepository, name: string, script: string): void {
  repository.write(`.venv/bin/${name}`, `#!/bin/sh\n${script}\n`);
  chmodSync(join(repository.path, '.venv/bin', name), 0o755);
}

const PYTHON = { 'm.py': '"""M."""\ndef f(): pass\n', '.gitignore': '.venv\nnode_modules\n' };

test.each([
  ['typedoc', { 'typedoc.json': '{ "entryPoints": ["a.ts"] }' }, 'npm install --save-dev typedoc'],
  [
    'sphinx',
    { 'docs/conf.py': 'project = "x"\nextensions = ["sphinx.ext.autodoc"]\n' },
    'python3 -m pip install sphinx',
  ],
  ['mkdocs', { 'mkdocs.yml': 'site_name: x\n' }, 'python3 -m pip install mkdocs'],
])('[HYG-44] %s that is configured and not installed is a visible skip with its command, and the built-in generator stands in', async (name, files, hint) => {
  if (isInstalled({ typedoc: 'typedoc', sphinx: 'sphinx-build', mkdocs: 'mkdocs' }[name] ?? '')) return;
  const repository = temporaryRepository({ 'a.ts': 'export const a = 1;\n', ...PYTHON, ...files });

  const report = await docs(repository);

  expect(report.skipped).toMatchObject([{ tool: name, reason: 'tool_missing', hint }]);
  expect(report.changedFiles).toContain('docs/api/a.ts.md');
  expect(report.changedFiles).toContain('docs/api/m.py.html');
});

test('[HYG-44] Sphinx gets its own place and does Python, the built-in generator the rest', async () => {
  const repository = temporaryRepository({
    ...PYTHON,
    'a.ts': 'export const a = 1;\n',
    'docs/conf.py': 'project = "x"\nextensions = ["sphinx.ext.autodoc"]\n',
    'docs/_build/html/mine.html': 'mine',
  });
  installTool(
    repository,
    'sphinx-build',
    'for out; do :; done; echo made by $SOURCE_DATE_EPOCH > "$out/index.html"; echo x > "$out/.buildinfo"; echo "m.py:2: WARNING: odd" >&2',
  );

  const report = await docs(repository);

  expect(report.changedFiles).toEqual([
    'docs/_build/html/.cadre-docs.json',
    'docs/_build/html/index.html',
    'docs/api/a.ts.html',
    'docs/api/a.ts.md',
    'docs/api/index.html',
    'docs/api/index.md',
  ]);
  expect(report.findings).toMatchObject([
    { tool: 'sphinx', file: 'm.py', line: 2, message: 'odd', severity: 'low' },
  ]);
  expect(read(repository, 'docs/_build/html/index.html')).toMatch(/^made by \d+\n$/);
  expect(read(repository, 'docs/_build/html/mine.html')).toBe('mine');
  repository.git('add', '--all');
  repository.git('commit', '--quiet', '--message', 'docs');
  expect((await docs(repository)).changedFiles).toEqual([]);
});

test('[HYG-44] what a tool made before is replaced and removed, what somebody changed in it is not', async () => {
  const repository = temporaryRepository({ ...PYTHON, 'mkdocs.yml': 'site_name: x\nsite_dir: public\n' });
  const script = (pages: string) =>
    `while [ "$1" != --site-dir ]; do shift; done; for p in ${pages}; do echo $p > "$2/$p"; done`;
  installTool(repository, 'mkdocs', script('a b c'));
  await docs(repository);
  repository.write('public/b', 'edited by hand\n');
  installTool(repository, 'mkdocs', `${script('a b')}; echo more >> "$2/a"; echo more >> "$2/b"`);

  const report = await docs(repository, { tools: ['mkdocs'] });

  expect(report.changes.map(({ path, change }) => [path, change])).toEqual([
    ['public/.cadre-docs.json', 'modified'],
    ['public/a', 'modified'],
    ['public/c', 'deleted'],
  ]);
  expect(report.findings).toMatchObject([{ rule: 'in-the-way', file: 'public/b' }]);
  expect(read(repository, 'public/b')).toBe('edited by hand\n');
});

test('[HYG-44] pages that git ignores are told as one folder and are no change to commit', async () => {
  const repository = temporaryRepository({
    ...PYTHON,
    'mkdocs.yml': 'site_name: x\n',
    '.gitignore': '.venv\nsite\n',
  });
  installTool(repository, 'mkdocs', 'while [ "$1" != --site-dir ]; do shift; done; echo x > "$2/index.html"');

  const { outcome, effects } = await code.run('docs', { tools: ['mkdocs'] }, { workspace: repository.path });

  expect(outcome).toMatchObject({ ok: true, output: { changes: [] } });
  expect(effects).toMatchObject([{ kind: 'file', path: 'site', files: 2 }]);
  expect(existsSync(join(repository.path, 'site/index.html'))).toBe(true);
});

test('[HYG-44] a tool that fails leaves the pages as they were and says how to repeat it [HYG-38]', async () => {
  const repository = temporaryRepository({ ...PYTHON, 'mkdocs.yml': 'site_name: x\n' });
  installTool(
    repository,
    'mkdocs',
    'for i in $(seq 30); do echo line $i; done; echo "ERROR - Config value: theme" >&2; exit 1',
  );

  const failure = await code.fail('docs', {}, { workspace: repository.path });

  expect(failure).toMatchObject({
    code: 'tool_failed',
    message: 'mkdocs ended with exit code 1: ERROR - Config value: theme',
    details: { exitCode: 1, command: 'mkdocs build --quiet --config-file mkdocs.yml --site-dir site' },
  });
  expect(failure.hint).toContain('mkdocs build --quiet');
  expect((failure.details as { lastLines: string[] }).lastLines).toHaveLength(20);
  expect(repository.git('status', '--porcelain', 'docs', 'site')).toBe('');
});

test.skipIf(!isInstalled('typedoc'))(
  '[HYG-44] TypeDoc itself writes the pages of TypeScript, twice the same',
  async () => {
    const repository = temporaryRepository({
      'a.ts': '/** A. */\nexport const a = 1;\n',
      'typedoc.json': '{ "entryPoints": ["a.ts"], "out": "docs/ts" /* here */ }',
      'tsconfig.json': '{ "files": ["a.ts"] }',
      'package.json': '{ "name": "x", "type": "module" }',
      '.gitignore': 'node_modules\n',
      ...{ 'm.py': '"""M."""\n' },
    });
    symlinkSync(modulesWith('typedoc'), join(repository.path, 'node_modules'));

    const report = await docs(repository);

    expect(read(repository, 'docs/ts/variables/a.html')).toContain('TypeDoc');
    expect(report.changedFiles).toContain('docs/api/m.py.md');
    expect(report.changedFiles).not.toContain('docs/api/a.ts.md');
    repository.git('add', '--all');
    repository.git('commit', '--quiet', '--message', 'docs');
    expect((await docs(repository)).changedFiles).toEqual([]);
  },
  120_000,
);

test('settings are read where the tools read them, and a place outside of the repository is not used', async () => {
  const repository = temporaryRepository({
    'tsconfig.json': '{ // comment\n "typedocOptions": { "out": "../elsewhere", }, }',
    'doc/source/conf.py': 'project = "x"\n',
    'mkdocs.yml': 'site_dir: "public/docs" # here\nplugins: [mkdocstrings]\n',
  });

  const tools = await configuredTools(repository.path);

  expect(tools.map(({ name, output, covers }) => [name, output, covers])).toEqual([
    ['typedoc', undefined, ['javascript', 'typescript']],
    ['sphinx', 'doc/build/html', []],
    ['mkdocs', 'public/docs', ['python']],
  ]);
});
