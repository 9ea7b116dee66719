import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CadreError } from '../errors.ts';
import { evaluate } from './evaluate.ts';
import type { ExpressionFault } from './explain-error.ts';
import type { Scope } from './scope.ts';

const scope: Scope = {
  inputs: { n: 5, coverage: 85, half: 85.5, names: ['a', 'b'], word: 'hello', zero: 0, none: null },
  steps: {
    x: { status: 'succeeded', output: { status: 200, list: [1, 2, 3] }, failure: null, attempts: 1 },
    format: { status: 'failed', output: null, failure: null, attempts: 3 },
    lint: { status: 'succeeded', output: { changes: ['a.ts'] }, failure: null, attempts: 1 },
    'backed-up': { status: 'skipped', output: null, failure: null, attempts: 0 },
  },
  run: { id: 'run_1', startedAt: 1_700_000_000_000, trigger: { kind: 'manual' } },
  workspace: { root: '/w' },
  variables: { file: 'src/a b.ts', index: 2 },
};

const run = (expression: string) => evaluate(`\${{ ${expression} }}`, scope);

function refusal(work: () => unknown): CadreError {
  try {
    work();
  } catch (error) {
    if (error instanceof CadreError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('templates', () => {
  test('a string that is one expression keeps its type, and others are joined as text', () => {
    const template = {
      whole: '${{ inputs.names }}',
      text: 'n=${{ inputs.n }}, names=${{ inputs.names }}, word=${{ inputs.word }}, none=${{ inputs.none }}',
      list: ['${{ inputs.n }}', 7, null, true, { deep: '${{inputs.word}}' }],
      plain: 'no expression',
    };
    expect(evaluate(template, scope)).toEqual({
      whole: ['a', 'b'],
      text: 'n=5, names=["a","b"], word=hello, none=null',
      list: [5, 7, null, true, { deep: 'hello' }],
      plain: 'no expression',
    });
  });

  test('braces and quotation marks inside an expression do not end it', () => {
    expect(evaluate('<${{ {"a": {"b": 1}} }}>', scope)).toBe('<{"a":{"b":1}}>');
    expect(evaluate("${{ '}}' }}${{ '${{' }}", scope)).toBe('}}${{');
    expect(evaluate('${{ """a"}}"b""" }}', scope)).toBe('a"}}"b');
    expect(evaluate("${{ 'it\\'s }}' }}", scope)).toBe("it's }}");
  });

  test.each([
    '${{ inputs.n',
    '${{ "a }}',
    '${{ {1 }}',
    'x ${{ inputs.n }',
    '${{ }}',
    '${{}}',
  ])('what does not end or is empty is refused: %s', (template) => {
    expect(refusal(() => evaluate(template, scope))).toMatchObject({
      code: 'invalid_expression',
      hint: expect.any(String),
    });
  });

  test('a key of a template may have any name', () => {
    const template = JSON.parse('{"__proto__": "${{ inputs.n }}", "constructor": 1}');
    expect(JSON.stringify(evaluate(template, scope))).toBe('{"__proto__":5,"constructor":1}');
  });
});

describe('values', () => {
  test.each([
    ['inputs.coverage * 0.5', 42.5],
    ['inputs.half + 1', 86.5],
    ['inputs.n + 1', 6],
    ['1 + inputs.n', 6],
    ['inputs.n / 2', 2.5],
    ['inputs.n % 2', 1],
    ['7 / 2', 3],
    ['2 * (3 + 4) - 1 - 2', 11],
    ['-(inputs.n - 2)', -3],
    ['-inputs.zero', 0],
    ['steps.x.output.status == 200', true],
    ['200 == steps.x.output.status', true],
    ['inputs.n != 5', false],
    ['1 == 1.0', true],
    ['inputs.n in [1, 5]', true],
    ['2 in steps.x.output.list', true],
    ['"status" in steps.x.output', true],
    ['inputs.n > 3 && inputs.word != ""', true],
    ['inputs.none == null', true],
    ['steps.x.output.list[inputs.n - 4]', 2],
    ['steps.x.output.list == [1, 2, 3]', true],
    ['inputs.word.substring(inputs.n - 4)', 'ello'],
    ['inputs.word.substring(1, inputs.n - 2)', 'el'],
    ['string(inputs.n) + "!"', '5!'],
    ['[1, 2.5, "a", null]', [1, 2.5, 'a', null]],
    ['inputs.names.map(x, x + "y").join(",")', 'ay,by'],
    ['inputs.names.map(x, x == "a", x + "!")', ['a!']],
    ['steps.x.output.list.filter(i, i > 1).size()', 2],
    ['steps.x.output.list.exists_one(i, i == 1)', true],
    ['[[1, 2], [3]].map(l, l.map(x, x * 2))', [[2, 4], [6]]],
    ['inputs.names.exists(x, x == "b") ? "yes" : "no"', 'yes'],
    ['has(inputs.missing) || has(inputs.n)', true],
    ['steps.format.?output.?changes.orValue([]) + steps.lint.?output.?changes.orValue([])', ['a.ts']],
    ['steps.lint.?output.?commit.orValue(null)', null],
    ['inputs.names[?9].orValue("none")', 'none'],
    ['optional.of(1)', 1],
    ['optional.none()', null],
    ['steps["backed-up"].status', 'skipped'],
    ['failure == null', true],
    ['event.kind', 'manual'],
    ['workspace.root + "/" + file', '/w/src/a b.ts'],
    ['index + 1', 3],
    ['type(1) == int', true],
    ['type(1)', 'int'],
    ['1u + 2u', 3],
    ['timestamp("2024-01-01T00:00:00Z") + duration("1h30m")', '2024-01-01T01:30:00.000Z'],
    ['timestamp(run.startedAt / 1000).getFullYear()', 2023],
    ['duration("90s")', '90s'],
    ['json("[1, 2]")[0]', 1],
    ['json(steps.x.output)', '{"status":200,"list":[1,2,3]}'],
    ['size(inputs.names) + size("né")', 4],
    ['hash("abc")', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    ['hash({"b": 1, "a": 2}) == hash({"a": 2, "b": 1})', true],
    ['glob(file, "src/*.{ts,js}")', true],
    ['glob(file, ["*.md", "**/*.ts"])', true],
    ['glob("src/a/b.ts", "src/*.ts")', false],
    ['regex("error: 12", "error: [0-9]+")', true],
    ['"abc".matches("^a.c$")', true],
    ['inputs.word.contains("ell") && !inputs.word.contains("x")', true],
    ['[inputs.word.indexOf("l"), inputs.word.indexOf("l", 3), inputs.word.indexOf("x")]', [2, 3, -1]],
    [
      '[inputs.word.lastIndexOf("l"), inputs.word.lastIndexOf("l", 2), inputs.word.lastIndexOf("x")]',
      [3, 2, -1],
    ],
    [
      '["a,b,c".split(","), "a,b,c".split(",", 2), "a,b,c".split(",", 0), "a,b,c".split(",", -1)]',
      [['a', 'b', 'c'], ['a', 'b,c'], [], ['a', 'b', 'c']],
    ],
    ['timestamp("2024-01-01T00:00:00Z").getHours("Europe/Berlin")', 1],
    ['["a", "b"].join()', 'ab'],
    ['semver("1.4.0", "^1.2")', true],
    ['lines("a\\r\\nb\\n")', ['a', 'b']],
    ['"x\\ny".lines().size()', 2],
    ['trim("  a ") + " b ".trim()', 'ab'],
    ['join(split("a,b", ","), "-")', 'a-b'],
  ])('%s is %j', (expression, value) => {
    expect(run(expression)).toEqual(value);
  });

  test.each([
    ['9007199254740993', 'too large to be exact'],
    ['1.0 / 0.0', 'not a number that JSON can hold'],
    ['b"abc"', 'not a value that JSON can hold'],
    ['1 / 0', 'division by zero'],
    ['"a" + 1', 'no such overload: string + int'],
    ['inputs.missing', 'no such key: missing'],
    ['nothing', 'unknown variable: nothing'],
    ['1 +', 'unexpected token'],
    ['json("{")', 'not JSON'],
    ['semver("one", "^1")', 'not a version'],
    ['semver("1.0.0", "one")', 'not a range'],
    ['"a".matches("(?=a)")', 'not a regular expression'],
    ['inputs.n.matches("a")', "'matches(double, string)'"],
    ['glob("a", "")', 'a glob has'],
    ['"abc".indexOf("a", 7)', 'no position 7'],
    ['inputs.n.contains("a")', "'contains(double, string)'"],
    ['["a", 1].join(",")', 'only texts'],
    ['"abc".substring(inputs.n)', 'no part from 5'],
    ['timestamp("2024-01-01T00:00:00Z").getHours("Nowhere/City")', 'time zone'],
    ['bytes("{").json()', 'JSON'],
    ['timestamp(1.0e20)', 'out of range'],
  ])('%s is refused: %s', (expression, reason) => {
    const error = refusal(() => run(expression));
    expect(error.code).toBe('invalid_expression');
    expect(error.message).toContain(reason);
    expect(error.message).toContain(expression);
    expect((error.details as ExpressionFault).expression).toBe(expression);
  });

  test('a mistake in an expression is shown with its place and what was probably meant', () => {
    const error = refusal(() => run('1 + sise(inputs.names)'));
    expect(error.hint).toBe('did you mean "size"?');
    expect(error.details).toMatchObject({ start: 4, end: 22 });
    expect(error.message).toContain('(at character 5)');
  });

  test('whatever the text, evaluating gives a value or a refusal', () => {
    const pieces = fc.constantFrom(
      ...[
        'inputs',
        '.n',
        '.names',
        '.map(x, ',
        '.exists(y, ',
        'x',
        ')',
        '(',
        '[',
        ']',
        '{',
        '}',
        '"',
        "'",
        '+',
        '==',
        '?',
        ':',
      ],
      ...[
        '1',
        '2.5',
        '-',
        '!',
        'null',
        'true',
        ',',
        '.size()',
        '.?a',
        '[?0]',
        '.orValue(',
        'size(',
        'json(',
        'in',
        '&&',
        ' ',
      ],
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(pieces, { maxLength: 12 }).map((all) => all.join('')),
    );
    fc.assert(
      fc.property(text, (expression) => {
        try {
          JSON.stringify(run(expression));
        } catch (error) {
          expect(error).toBeInstanceOf(CadreError);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('secrets', () => {
  test('exactly one secret as a whole value becomes a marker', () => {
    expect(evaluate({ token: '${{ secrets.API_KEY }}' }, scope)).toEqual({ token: { $secret: 'API_KEY' } });
  });

  test.each([
    'Bearer ${{ secrets.A }}',
    '${{ "x" + secrets.A }}',
    '${{ size(secrets.A) }}',
    '${{ secrets }}',
    '${{ secrets.A.b }}',
    '${{ secrets[inputs.word] }}',
    '${{ [secrets.A] }}',
  ])('a secret is never part of anything: %s', (template) => {
    expect(refusal(() => evaluate(template, scope))).toMatchObject({
      code: 'invalid_expression',
      hint: expect.any(String),
    });
  });
});

describe('nothing reaches the host', () => {
  test.each([
    'constructor',
    'toString',
    'hasOwnProperty',
    'globalThis',
    'process',
    'this',
    '__proto__',
    'prototype',
    'inputs.constructor',
    'inputs.__proto__',
    'inputs["__proto__"]',
    'inputs["constructor"]',
    'inputs.toString',
    'inputs.names.length',
    'inputs.names.constructor',
    'inputs.names["constructor"]',
    '"a".constructor',
    '"a".length',
    '(1).constructor',
    '[].constructor',
    '{}.constructor',
    'inputs.names.map(x, x.constructor)',
    'inputs.word.constructor("return process")()',
    'inputs.names.push("x")',
    'inputs.names.map.constructor',
    'steps.x.constructor',
    'run.valueOf',
    'optional.constructor',
    'google.constructor',
    'type(1).name',
    'timestamp("2024-01-01T00:00:00Z").constructor',
    'duration("1s").constructor',
    'cel.constructor',
    'cel.bind(x, 1, x)',
    'cel',
    '__spend(1, 2)',
    '__spendWhole(1)',
    '__join(["a"], "")',
    'import("fs")',
    'require("fs")',
    'eval("1")',
    'Function("1")',
  ])('%s', (expression) => {
    expect(refusal(() => run(expression)).code).toBe('invalid_expression');
  });

  test('an expression changes nothing in its scope', () => {
    const before = JSON.stringify(scope);
    run('inputs.names.map(x, steps.x.output.list.filter(y, y > 1)) + [inputs]');
    expect(JSON.stringify(scope)).toBe(before);
  });
});
