import { defineWorker } from '@cadre/sdk';
import { runAction } from '@cadre/sdk/testing';
import { expect, test } from 'vitest';
import { temporaryRepository } from '../testing/temporary-repository.ts';
import { chooseTools } from './choose-tools.ts';
import { languageOf } from './language.ts';

const chooser = defineWorker({
  id: 'chooser',
  actions: {
    async choose({ paths }: { paths: string[] }, context) {
      const files = paths.map((path) => ({ path, language: languageOf(path, '') }));
      const choices = await chooseTools(context, context.workspace, files);
      return choices.map(
        ({ tool, folder, paths: own }) => `${folder.path || '.'}: ${tool.name} ${own.join()}`,
      );
    },
  },
});

async function choose(files: Readonly<Record<string, string>>): Promise<unknown> {
  const repository = temporaryRepository(files);
  const input = { paths: Object.keys(files) };
  const { outcome } = await runAction(chooser, 'choose', input, { workspace: repository.path });
  return outcome.ok ? outcome.output : outcome.failure;
}

test('JavaScript is never given to prettier where the repository did not choose it', async () => {
  expect(await choose({ 'a.js': '', 'package.json': '{ "name": "x" }' })).toEqual([]);
});

test('the folder nearest to a file decides', async () => {
  const files = {
    'package.json': '{ "devDependencies": { "prettier": "3" } }',
    'a.ts': '',
    'web/biome.json': '{}',
    'web/package.json': '{ "prettier": "x" }',
    'web/b.ts': '',
  };
  expect(await choose(files)).toEqual([
    'web: biome imports web/biome.json,web/package.json,web/b.ts',
    'web: biome format web/biome.json,web/package.json,web/b.ts',
    'web: biome lint web/biome.json,web/package.json,web/b.ts',
    '.: prettier package.json,a.ts',
    'web: prettier web/biome.json,web/package.json,web/b.ts',
  ]);
});

test('ruff formats where nothing else does, and only lints where hooks or black say so', async () => {
  const hooks = (id: string) => `repos:\n  - repo: x\n    hooks:\n      - id: ${id}\n`;
  expect(await choose({ 'ruff.toml': '', 'a.py': '' })).toEqual([
    '.: ruff check a.py',
    '.: ruff format a.py',
  ]);
  expect(await choose({ '.pre-commit-config.yaml': hooks('ruff'), 'a.py': '' })).toEqual([
    '.: ruff check a.py',
  ]);
  expect(await choose({ '.pre-commit-config.yaml': hooks('ruff-format'), 'a.py': '' })).toEqual([
    '.: ruff check a.py',
    '.: ruff format a.py',
  ]);
  expect(await choose({ 'requirements-dev.txt': 'ruff\nblack==23\n', 'a.py': '' })).toEqual([
    '.: ruff check a.py',
    '.: black a.py',
  ]);
});

test('eslint needs a configuration, and manifests that cannot be read choose nothing', async () => {
  expect(await choose({ 'package.json': '{ "devDependencies": { "eslint": "9" } }', 'a.js': '' })).toEqual(
    [],
  );
  expect(await choose({ 'package.json': '{', 'pyproject.toml': '=', 'a.js': '', 'a.py': '' })).toEqual([]);
  expect(await choose({ 'eslint.config.js': '' })).toEqual(['.: eslint eslint.config.js']);
});
