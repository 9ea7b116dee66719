import { expect, test } from 'vitest';
import { type Language, languageOf } from '../language.ts';
import type { EditorSettings } from './editor-config.ts';
import { guardFor } from './guard.ts';
import { loadJavaScriptParser } from './javascript-tree.ts';
import { tidy } from './tidy.ts';

const parser = await loadJavaScriptParser();

function tidied(path: string, text: string, editor: EditorSettings = {}, eol?: 'lf' | 'crlf'): string {
  const language: Language | undefined = languageOf(path, text);
  const attributes = eol === undefined ? {} : { eol };
  return tidy(text, { language, editor, attributes, guard: guardFor(path, language, parser) });
}

test('blanks inside a template, a string or a text of JSX stay', () => {
  const text = 'const a = `one  \n\ttwo  \n`;  \nconst b = "x \\  \n";  \n';
  expect(tidied('a.ts', text)).toBe('const a = `one  \n\ttwo  \n`;\nconst b = "x \\  \n";\n');
  expect(tidied('a.tsx', 'const a = <b>  \n  x  \n</b>;  \n')).toBe('const a = <b>  \n  x  \n</b>;\n');
});

test('JavaScript that cannot be parsed keeps its blanks', () => {
  expect(tidied('a.js', 'const a = = `  \n`;  \n\n')).toBe('const a = = `  \n`;  \n');
});

test('blanks inside a string of Python stay, those of its code and comments go', () => {
  const text = 'a = """x  \n\ty  \n"""  \nb = f\'{a}\'  # note  \nc = [\n  1,  \n]\n';
  expect(tidied('a.py', text)).toBe('a = """x  \n\ty  \n"""\nb = f\'{a}\'  # note\nc = [\n  1,\n]\n');
});

test('YAML is changed only where its value stays', () => {
  expect(tidied('a.yaml', 'a: 1  \nb: [1,  \n 2]\n\n')).toBe('a: 1\nb: [1,\n 2]\n');
  expect(tidied('a.yaml', 'a: |\n  kept  \n  text\n')).toBe('a: |\n  kept  \n  text\n');
  expect(tidied('a.yaml', 'a: |+\n  text\n\n\n')).toBe('a: |+\n  text\n\n\n');
  expect(tidied('a.yaml', '{{ if }}  \n')).toBe('{{ if }}  \n');
});

test('TOML is changed only where its value stays', () => {
  expect(tidied('a.toml', 'a = 1  \n')).toBe('a = 1\n');
  expect(tidied('a.toml', 'a = """x  \n"""\n')).toBe('a = """x  \n"""\n');
});

test('in Markdown hard breaks and fenced blocks stay', () => {
  const text = 'break  \none \n \t\n~~~~\nx  \n~~~\n ~~~~\nend \n';
  expect(tidied('a.md', text)).toBe('break  \none\n\n~~~~\nx  \n~~~\n ~~~~\nend\n');
});

test('a language in which blanks may matter keeps them, unless .editorconfig says otherwise', () => {
  for (const path of ['a.go', 'a.sh', 'a.sql', 'Makefile', 'a.html', 'a.unknown']) {
    expect(tidied(path, 'x  \ny\n')).toBe('x  \ny\n');
  }
  expect(tidied('a.sql', 'x  \ny\n', { trimTrailing: true })).toBe('x\ny\n');
  expect(tidied('a.css', 'a {}  \n', { trimTrailing: false })).toBe('a {}  \n');
});

test('line ends go to the majority, or to what is declared', () => {
  expect(tidied('a.js', 'a\r\nb\r\nc\n')).toBe('a\r\nb\r\nc\r\n');
  expect(tidied('a.js', 'a\r\nb\n')).toBe('a\nb\n');
  expect(tidied('a.js', 'a\nb\n', { endOfLine: 'crlf' })).toBe('a\r\nb\r\n');
  expect(tidied('a.js', 'a\nb\n', { endOfLine: 'lf' }, 'crlf')).toBe('a\r\nb\r\n');
  expect(tidied('a.csv', 'a\r\nb\n')).toBe('a\r\nb\n');
});

test('a byte order mark goes where it means nothing, and stays where it is wanted', () => {
  expect(tidied('a.json', '\uFEFF{}\n')).toBe('{}\n');
  expect(tidied('a.cs', '\uFEFFx\n')).toBe('\uFEFFx\n');
  expect(tidied('a.json', '\uFEFF{}\n', { byteOrderMark: true })).toBe('\uFEFF{}\n');
});

test('a few tabs among spaces become spaces, but not in a template and not without a clear majority', () => {
  const lines = 'f(\n  a,\n  b,\n  c,\n  d,\n\te,\n  `\n\tx`,\n);\n';
  expect(tidied('a.js', lines)).toBe(lines.replace('\te', '  e'));
  expect(tidied('a.js', 'f(\n  a,\n\tb,\n);\n')).toBe('f(\n  a,\n\tb,\n);\n');
  expect(tidied('a.py', 'if a:\n    b\n    c\n    d\n    e\nif f:\n\tg\n')).toContain('\tg');
});

test('declared indentation is brought about where indentation means nothing', () => {
  expect(tidied('a.css', 'a {\n\tb: c;\n}\n', { indentStyle: 'space', indentSize: 4 })).toBe(
    'a {\n    b: c;\n}\n',
  );
  const commented = '/*\n * x\n */\nf(\n    a,\n\t  b,\n);\n';
  expect(tidied('a.js', commented, { indentStyle: 'tab', indentSize: 4 })).toBe(
    commented.replace('    a', '\ta'),
  );
});

test('a final line end is added or left out as declared; an empty file stays empty', () => {
  expect(tidied('a.txt', 'x', { finalNewline: true })).toBe('x\n');
  expect(tidied('a.txt', 'x')).toBe('x');
  expect(tidied('a.js', 'x', { finalNewline: false })).toBe('x');
  expect(tidied('a.js', '')).toBe('');
  expect(tidied('a.js', ' \n\n')).toBe(' \n\n');
});
