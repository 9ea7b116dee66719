import { expect, test } from 'vitest';
import { javaScriptProblems } from './javascript.ts';
import { loadJavaScriptParser } from './javascript-tree.ts';
import { applyEdits } from './problem.ts';

const parser = await loadJavaScriptParser();

function problemsOf(text: string, path = 'a.ts') {
  const tree = parser?.(path, text);
  if (tree === undefined) throw new Error('the text does not parse');
  return javaScriptProblems(text, tree);
}

const fixed = (text: string, path?: string) =>
  applyEdits(
    text,
    problemsOf(text, path).flatMap(({ edit }) => edit ?? []),
  );

test('[HYG-18] an unused name is taken out of a list, whatever stands before it in the file', () => {
  expect(fixed("// grüße 😀\nimport { a, b, c } from 'x';\nb();\n")).toBe(
    "// grüße 😀\nimport { a, b, c } from 'x';\nb();\n",
  );
  expect(fixed("const g = 'ü😀';\nimport { a, b, c } from 'x';\nb();\n")).toBe(
    "const g = 'ü😀';\nimport { b } from 'x';\nb();\n",
  );
  expect(fixed("import {\n  a,\n  b as d,\n  type C,\n} from 'x';\nd();\n")).toBe(
    "import {\n  b as d,\n} from 'x';\nd();\n",
  );
  expect(fixed("import d, { a, b } from 'x';\nd(b);\n")).toBe("import d, { b } from 'x';\nd(b);\n");
});

test('a whole import goes when its module is of Node or it only brings types', () => {
  expect(fixed("import fs from 'fs';\nimport * as path from 'node:path';\nx();\n")).toBe('x();\n');
  expect(fixed("import type { A } from './a.ts';\r\nx();\r\n")).toBe('x();\r\n');
});

test('a whole import of another module is only reported, because loading it may be wanted', () => {
  const text = "import a from './a.js';\nimport './effect.js';\nimport b, { c } from 'd';\nc();\n";
  expect(fixed(text)).toBe(text);
  expect(problemsOf(text).map(({ line, rule }) => [line, rule])).toEqual([
    [1, 'unused-import'],
    [3, 'unused-import'],
  ]);
});

test('what is named in a text, a comment or JSX counts as used', () => {
  const kept = [
    "import { A } from 'x';\n/** @type {A} */\nlet b;\n",
    "import { $a } from 'x';\neval('$a');\n",
    "import { A as B } from 'x';\nexport { B };\n",
    "import React from 'react';\nconst a = <b />;\n",
    "// @ts-expect-error\nimport { a } from 'fs';\n",
    "import { a } from 'fs'; // eslint-disable-line\n",
    "import {\n  a, // for later\n} from 'fs';\n",
  ];
  for (const text of kept) expect(problemsOf(text, 'a.tsx')).toEqual([]);
});

test('comparing with NaN and giving a key twice are found with their place', () => {
  const problems = problemsOf('if (a !== NaN) {}\nconst o = {\n  b: 1,\n  "b": 2,\n};\n');
  expect(problems.map(({ rule, line, column }) => [rule, line, column])).toEqual([
    ['compare-nan', 1, 5],
    ['duplicate-key', 4, 3],
  ]);
});

test('keys that may differ or are overridden on purpose are no findings', () => {
  expect(
    problemsOf('const o = { a: 1, ...b, a: 2, [c]: 1, [c]: 2, get d() { return 1; }, set d(x) {} };\n'),
  ).toEqual([]);
  expect(problemsOf('const o = { a: { x: 1 }, b: { x: 1 } }; a == NaNa;\n')).toEqual([]);
});
