import { expect, test } from 'vitest';
import { dataSyntaxProblems } from './data-syntax.ts';

const lineOf = (text: string) => dataSyntaxProblems('a.json', text, 'json')[0]?.line;

test('the line of a fault in JSON is found wherever it is and whatever follows', () => {
  expect(lineOf('{\n  "a": ,\n  "b": 1\n}\n')).toBe(2);
  expect(lineOf('{\n  "a": 1,\n}\n')).toBe(3);
  expect(lineOf('[\n1,\n2\n"x"\n]')).toBe(4);
  expect(lineOf('{\n"a": "b\n"\n}')).toBe(2);
  expect(lineOf('{"a": tru}\n')).toBe(1);
  expect(lineOf('{\n"a": [1, 2\n')).toBe(2);
  expect(lineOf('{}\n{}\n')).toBe(2);
  expect(lineOf('{\n"a": 1.\n}\n')).toBe(2);
});

test('a byte order mark, an empty file and sound JSON are no faults', () => {
  expect(lineOf('\uFEFF{}\n')).toBeUndefined();
  expect(lineOf('')).toBeUndefined();
  expect(lineOf('{"a": [1.5e3, null, "\\u0041"]}')).toBeUndefined();
});
