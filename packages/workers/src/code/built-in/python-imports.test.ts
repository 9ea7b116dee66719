import { expect, test } from 'vitest';
import { applyEdits } from './problem.ts';
import { unusedPythonImports } from './python-imports.ts';

const problemsOf = (text: string, path = 'pkg/mod.py', others: string[] = []) =>
  unusedPythonImports(path, text, async () => others);

async function fixed(text: string): Promise<string> {
  return applyEdits(
    text,
    (await problemsOf(text)).flatMap(({ edit }) => edit ?? []),
  );
}

test('[HYG-18] unused imports of the standard library are removed, whole or in part', async () => {
  expect(
    await fixed('import os, sys\nfrom typing import (\n    Any,\n    List,\n)\nx: List = sys.argv\n'),
  ).toBe('import sys\nfrom typing import (\n    List,\n)\nx: List = sys.argv\n');
  expect(await fixed('import os.path\nfrom a import b\nb()\n')).toBe('from a import b\nb()\n');
  expect(await fixed('from os import path as p, \\\n    sep\nsep\n')).toBe('from os import sep\nsep\n');
  expect(await fixed('"""doc"""\r\nimport json\r\nx = 1\r\n')).toBe('"""doc"""\r\nx = 1\r\n');
});

test('other modules are only reported, because loading them may be wanted', async () => {
  const text = 'import numpy\nimport readline\nfrom .models import User\nx = 1\n';
  const problems = await problemsOf(text);
  expect(problems.map(({ line, edit }) => [line, edit])).toEqual([
    [1, undefined],
    [2, undefined],
    [3, undefined],
  ]);
});

test('nothing is reported that may be used in a way that cannot be seen', async () => {
  const kept = [
    'import os  # noqa\nx = 1\n',
    'import os; x = 1\n',
    'try:\n    import json\nexcept ImportError:\n    json = None\n',
    'from __future__ import annotations\nx = 1\n',
    'from os import path as path\nx = 1\n',
    'import os\nx: "os.PathLike"\n',
    'import os\n# type: os\nx = 1\n',
    'import os\n__all__ = []\n',
    'from x import *\nimport os\n',
    'import os\nprint(globals())\n',
    '# ruff: noqa\nimport os\nx = 1\n',
    'import os\nimport sys\n',
    'x = """\nimport os\n"""\n',
    'import os\nx = (\n',
  ];
  for (const text of kept) expect(await problemsOf(text), text).toEqual([]);
  for (const path of ['a/__init__.py', 'conftest.py', 'a.pyi']) {
    expect(await problemsOf('import os\nx = 1\n', path)).toEqual([]);
  }
});

test('a name that another file takes from this one is used', async () => {
  const text = 'import json\nx = 1\n';
  for (const other of [
    'from pkg.mod import json\n',
    'from .mod import (\n    x,\n    json,\n)\n',
    'mock.patch("pkg.mod.json")\n',
    'from pkg.mod import *\n',
  ]) {
    expect(await problemsOf(text, 'pkg/mod.py', [other]), other).toEqual([]);
  }
  expect(await problemsOf(text, 'pkg/mod.py', ['from pkg.mod import x\nimport json\njson\n'])).toHaveLength(
    1,
  );
});
