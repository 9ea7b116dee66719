import { expect, test } from 'vitest';
import { references } from './references.ts';

test('what the expressions of a value read, each once, in the order of the text', () => {
  const template = {
    a: '${{ steps.x.output + steps["backed-up"].status }} and ${{ inputs.l.map(x, x + y + string(index)) }}',
    b: [
      '${{ failure.message }}',
      '${{ secrets.TOKEN }}',
      '${{ steps.x.output.?list[steps.z.output].orValue(null) }}',
    ],
    c: { d: 'plain', e: 7, f: null },
  };
  expect(references(template)).toEqual({
    steps: ['x', 'backed-up', 'z'],
    inputs: ['l'],
    names: ['inputs', 'y', 'index', 'failure'],
    secrets: ['TOKEN'],
  });
});

test('a variable of a macro is not of the scope, but outside the macro it is', () => {
  expect(references('${{ steps.x.output.all(file, file != "") && file == "" }}').names).toEqual(['file']);
  expect(references('${{ file.map(file, file) }}').names).toEqual(['file']);
});

test('names of types and functions are not references', () => {
  expect(references('${{ type(1) == int && size("a") == 1 }}')).toEqual({
    steps: [],
    inputs: [],
    names: [],
    secrets: [],
  });
});
