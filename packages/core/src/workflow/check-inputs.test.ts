import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkInputs } from './check-inputs.ts';
import { defineWorkflow } from './define-workflow.ts';

const workflow = defineWorkflow({
  apiVersion: 'cadre/v1',
  kind: 'Workflow',
  metadata: { name: 'sample' },
  spec: {
    inputs: {
      path: { type: 'string', default: '.' },
      coverage: { type: 'number', minimum: 0, maximum: 100, default: 85 },
      jobs: { type: 'integer', default: 0 },
      push: { type: 'boolean', default: false },
      paths: { type: 'array', items: { type: 'string' }, default: [] },
      sizes: { type: 'array', items: { type: 'integer' }, default: [] },
      extra: { type: 'object', default: {} },
      maybe: { type: ['integer', 'null'], default: null },
      level: { enum: ['low', 'high'], default: 'low' },
      url: { type: 'string', description: 'Where to' },
    },
    steps: [{ run: 'x' }],
  },
});

const DEFAULTS = {
  path: '.',
  coverage: 85,
  jobs: 0,
  push: false,
  paths: [],
  sizes: [],
  extra: {},
  maybe: null,
  level: 'low',
};

test('what is not given takes its default', () => {
  expect(checkInputs(workflow, { url: 'x', jobs: 3 })).toEqual({
    ok: true,
    inputs: { ...DEFAULTS, jobs: 3, url: 'x' },
  });
});

test('an input without a default must be given', () => {
  expect(checkInputs(workflow, {})).toEqual({
    ok: false,
    problems: [
      {
        severity: 'error',
        code: 'missing_input',
        message: 'the input `url` must be given',
        path: 'inputs.url',
        suggestion: 'Where to',
      },
    ],
  });
});

test('every fault is told, with what was probably meant', () => {
  const given = {
    url: 1,
    covreage: 90,
    coverage: 101,
    paths: ['a', 2],
    level: 'mid',
    jobs: 1.5,
    nonsense: true,
  };
  const checked = checkInputs(workflow, given);
  expect(
    checked.ok
      ? []
      : checked.problems.map(({ code, path, message, suggestion }) => [code, path, message, suggestion]),
  ).toEqual([
    [
      'unknown_input',
      'inputs.covreage',
      'the workflow sample has no input `covreage`',
      'did you mean "coverage"?',
    ],
    [
      'unknown_input',
      'inputs.nonsense',
      'the workflow sample has no input `nonsense`',
      'the inputs are path, coverage, jobs, push, paths, sizes, extra, maybe, level, url',
    ],
    ['wrong_input', 'inputs.coverage', 'inputs.coverage: 101 is greater than 100, found 101', undefined],
    ['wrong_input', 'inputs.jobs', 'inputs.jobs: expected integer, found 1.5', undefined],
    ['wrong_input', 'inputs.paths[1]', 'inputs.paths[1]: expected string, found 2', undefined],
    ['wrong_input', 'inputs.level', 'inputs.level: expected one of ["low","high"], found "mid"', undefined],
    ['wrong_input', 'inputs.url', 'inputs.url: expected string, found 1', undefined],
  ]);
});

test('names of JavaScript objects are no inputs', () => {
  const given = JSON.parse('{"url": "x", "__proto__": 1, "constructor": 2, "toString": 3}');
  const checked = checkInputs(workflow, given);
  expect(checked.ok ? [] : checked.problems.map(({ path }) => path)).toEqual([
    'inputs.__proto__',
    'inputs.constructor',
    'inputs.toString',
  ]);
});

describe('texts of a command line', () => {
  const coerced = (given: Record<string, string>) => {
    const checked = checkInputs(workflow, { url: 'x', ...given }, { coerce: true });
    return checked.ok ? checked.inputs : checked.problems.map(({ message }) => message);
  };

  test('become what the type of their input asks for', () => {
    const given = {
      coverage: '90.5',
      jobs: '-3',
      push: 'true',
      paths: 'a b.ts,"c"',
      sizes: '1,2',
      extra: '{"a":[1]}',
      maybe: 'null',
      path: '5',
      level: 'high',
    };
    expect(coerced(given)).toMatchObject({
      coverage: 90.5,
      jobs: -3,
      push: true,
      paths: ['a b.ts', '"c"'],
      sizes: [1, 2],
      extra: { a: [1] },
      maybe: null,
      path: '5',
      level: 'high',
    });
    expect(coerced({ paths: '["a,b", "c"]', sizes: '', maybe: '7' })).toMatchObject({
      paths: ['a,b', 'c'],
      sizes: [],
      maybe: 7,
    });
  });

  test('that are none stay texts, and are refused as such', () => {
    expect(coerced({ coverage: 'ninety' })).toEqual(['inputs.coverage: expected number, found "ninety"']);
    expect(coerced({ push: 'yes' })).toEqual(['inputs.push: expected boolean, found "yes"']);
    expect(coerced({ jobs: '0x10' })).toEqual(['inputs.jobs: expected integer, found "0x10"']);
    expect(coerced({ extra: '{a' })).toEqual(['inputs.extra: expected object, found "{a"']);
    expect(coerced({ sizes: '1,x' })).toEqual(['inputs.sizes[1]: expected integer, found "x"']);
  });

  test('are not touched when they come from elsewhere', () => {
    expect(checkInputs(workflow, { url: 'x', jobs: '3' }).ok).toBe(false);
  });
});

test('whatever is given, there is an answer', () => {
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.constantFrom('path', 'coverage', 'paths', 'extra', 'maybe', 'url', 'x', '__proto__'),
        fc.jsonValue(),
      ),
      fc.boolean(),
      (given, coerce) => {
        const checked = checkInputs(workflow, given as never, { coerce });
        expect(checked.ok || checked.problems.length > 0).toBe(true);
      },
    ),
  );
});
