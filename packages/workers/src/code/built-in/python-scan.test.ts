import { expect, test } from 'vitest';
import { scanPython } from './python-scan.ts';

test('statements go over as many lines as brackets and backslashes make them', () => {
  const text = 'a = [1,\n  2]\nb = 1 + \\\n  2\nif c: # (\n    d\n';
  expect(scanPython(text)?.statements.map(({ line, text: own }) => [line, own])).toEqual([
    [0, 'a = [1,\n  2]\n'],
    [2, 'b = 1 + \\\n  2\n'],
    [4, 'if c: # (\n'],
    [5, '    d\n'],
  ]);
});

test('strings of every kind are found with their lines', () => {
  const text = [`a = "(\\""`, 'b = 1', `c = rb'''`, '"', `\\''' `, `'''`, 'd = f"{c}"', ''].join('\n');
  expect(scanPython(text)?.strings).toEqual([
    { firstLine: 0, lastLine: 0 },
    { firstLine: 2, lastLine: 5 },
    { firstLine: 6, lastLine: 6 },
  ]);
});

test('what does not end is not understood', () => {
  expect(scanPython('a = (1\n')).toBeUndefined();
  expect(scanPython('a = "x\n')).toBeUndefined();
  expect(scanPython('a = """x\n')).toBeUndefined();
  expect(scanPython('a = 1)\n')).toBeUndefined();
});
