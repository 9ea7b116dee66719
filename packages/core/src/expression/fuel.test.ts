import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CadreError } from '../errors.ts';
import { language } from './environment.ts';
import { evaluate } from './evaluate.ts';
import { withFuel } from './fuel.ts';
import type { Scope } from './scope.ts';
import { toJson } from './to-json.ts';

const nested = (depth: number): [] | [unknown] => {
  let list: [] | [unknown] = [];
  for (let at = 0; at < depth; at += 1) list = [list];
  return list;
};

const scope: Scope = {
  inputs: {
    some: Array.from({ length: 300 }, (_, index) => index),
    many: Array.from({ length: 50_000 }, (_, index) => `file-${index}`),
    text: `${'a'.repeat(250_000)}b`,
    deep: nested(3_000) as never,
    one: ['a'],
    hard: `${'a'.repeat(50_000)}b${'a'.repeat(50_000)}`,
  },
  steps: {},
  run: { id: 'run', startedAt: 0, trigger: {} },
  workspace: {},
  variables: {},
};

const run = (expression: string, fuel?: number) =>
  evaluate(`\${{ ${expression} }}`, scope, fuel === undefined ? {} : { fuel });

/** Generous, because other work runs on the same machine; without the limit each takes minutes, or all memory. */
const SOON_MS = 3_000;

function tooCostly(expression: string, fuel?: number): void {
  const begun = performance.now();
  const code = codeOf(() => run(expression, fuel));
  expect({ expression, code }).toEqual({ expression, code: 'expression_too_costly' });
  expect(performance.now() - begun).toBeLessThan(SOON_MS);
}

function codeOf(work: () => unknown): string {
  try {
    work();
    return 'done';
  } catch (error) {
    if (error instanceof CadreError) return error.code;
    throw error;
  }
}

const double = '.map(x, x + x)'.repeat(40);
const pair = '.map(x, [x, x])'.repeat(40);

describe('what would not end in time is stopped [WRK-31]', () => {
  test.each([
    'inputs.some.map(a, inputs.some.map(b, inputs.some.map(c, c)))',
    'inputs.some.all(a, inputs.some.all(b, inputs.some.all(c, c >= 0)))',
    'inputs.some.exists(a, inputs.some.exists(b, inputs.some.exists(c, c < 0)))',
    'inputs.some.exists_one(a, inputs.some.exists_one(b, inputs.some.exists_one(c, c < 0)))',
    'inputs.some.filter(a, inputs.some.filter(b, inputs.some.filter(c, true) == []) == [])',
    'inputs.some.map(a, true, inputs.some.map(b, true, inputs.some.map(c, true, c)))',
    '{"a": 1, "b": 2}.map(k, inputs.some.map(a, inputs.some.map(b, inputs.some.map(c, c))))',
    'true && inputs.some.exists(a, inputs.some.exists(b, inputs.some.exists(c, c < 0))) || true',
  ])('nested macros: %s', (expression) => tooCostly(expression));

  test.each([
    `inputs.one${double}`,
    `(inputs.one)${double}`,
    `((([inputs.some])))${double}`,
    `(inputs).one${double}`,
    `["a"].map(x, (((x))))${double}`,
    `[inputs.some].map(x, [x + x])${'.map(x, [x[0] + x[0]])'.repeat(38)}`,
    `[b"a"]${double}`,
    `${'(true ? '.repeat(9)}inputs.one${' : inputs.one)'.repeat(9)}${'.map(x, x + x)'.repeat(35)}`,
  ])('doubling: %s', (expression) => tooCostly(expression));

  test.each([
    `inputs.one${pair}`,
    `json(inputs.one${pair})`,
    `hash(inputs.one${pair})`,
    `inputs.one${pair} == inputs.one${pair}`,
    `inputs.one${pair} != inputs.one${pair}`,
    `inputs.one${pair} in [inputs.one${pair}]`,
    `[inputs.one${pair}].exists(x, x == inputs.one${pair})`,
  ])('values that are small and written out large: %s', (expression) => tooCostly(expression));

  test.each([
    'inputs.many.all(x, x in inputs.many)',
    'inputs.some.all(x, inputs.many == inputs.many)',
    'inputs.many.join(inputs.text).size()',
    'join(inputs.many, inputs.text)',
    'inputs.many.all(x, inputs.text.contains("c" + x) || true)',
    'inputs.many.all(x, size(inputs.text) > 0)',
    'inputs.some.all(x, inputs.some.all(y, split(inputs.text, "").size() > 0))',
    'inputs.some.all(x, inputs.some.all(y, inputs.text.lowerAscii() != "" || true))',
    `inputs.many.map(x, ${'x + '.repeat(150)}x).size()`,
    `inputs.many.all(x, ${'(x > x || true) && '.repeat(100)}true)`,
    'inputs.some.map(x, hash(inputs.text))',
    'inputs.some.map(x, lines(inputs.text))',
  ])('much work on much data: %s', (expression) => tooCostly(expression));

  test.each([
    'inputs.text.contains(inputs.hard)',
    'inputs.text.indexOf(inputs.hard) > 0',
    'inputs.text.lastIndexOf(inputs.hard) > 0',
    'inputs.text.split(inputs.hard)',
    'split(inputs.text, inputs.hard)',
    'inputs.some.all(x, inputs.some.all(y, timestamp("2024-01-01T00:00:00Z").getHours("Europe/Berlin") >= 0))',
    'inputs.some.all(x, inputs.some.all(y, semver("1.2.3", "^1.2 || ^2")))',
    'inputs.some.all(x, inputs.some.all(y, regex("a", "a{900}") || true))',
    'inputs.some.all(x, inputs.some.all(y, glob("a/b/c", "**/*.{ts,js}") || true))',
    `inputs.some.all(x, inputs.some.all(y, inputs.nope == "${'x'.repeat(7_000)}" || true))`,
  ])('what is slow by nature: %.90s', (expression) => tooCostly(expression));

  test('a duration of thousands of digits is refused at once', () => {
    const begun = performance.now();
    expect(codeOf(() => run(`duration("${'1'.repeat(6_000)}")`))).toBe('invalid_expression');
    expect(codeOf(() => run('duration(inputs.text)'))).toBe('invalid_expression');
    expect(performance.now() - begun).toBeLessThan(SOON_MS);
  });

  test.each([
    'inputs.deep == []',
    'inputs.deep + inputs.deep',
    '[inputs.deep] == []',
    'inputs.deep.map(x, x == [])',
    'json(inputs.deep)',
  ])('a value nested three thousand deep: %s', (expression) => tooCostly(expression));

  test.each([
    'inputs.some.all(x, inputs.text.matches("(a+)+$") || true)',
    'inputs.some.map(x, regex(inputs.text, "^(([a-z])+.)+[A-Z]([a-z])+$"))',
    'inputs.some.map(x, glob(inputs.text, "*a*a*a*a*a*a*a*b*c"))',
    'inputs.many.all(x, regex(x, "(f{1,50}){1,19}") || true)',
  ])('patterns that would backtrack for ever: %s', (expression) => tooCostly(expression));

  test.each([
    '(a+)+$',
    '(a|aa)+$',
    '(.*a){20}c',
    '(a*)*c',
    '^(a?){50}a{50}$',
    '(x+x+)+y',
  ])('one such pattern on 250,000 characters is answered: %s', (pattern) => {
    const begun = performance.now();
    expect(['done', 'expression_too_costly']).toContain(
      codeOf(() => run(`inputs.text.matches(r"${pattern}")`)),
    );
    expect(performance.now() - begun).toBeLessThan(SOON_MS);
  });

  test.each([
    ['!'.repeat(6_000), 'true'],
    ['-'.repeat(6_000), '1'],
    ['('.repeat(3_000), `1${')'.repeat(3_000)}`],
    ['['.repeat(200), ']'.repeat(200)],
    ['1 + '.repeat(1_500), '1'],
    ['', `"${'a'.repeat(9_000)}"`],
    ['', `inputs${'["a"]'.repeat(1_000)}`],
    ['', `[${'1,'.repeat(900)}1]`],
    ['', `size(${'1,'.repeat(40)}1)`],
    ['true ? 1 : '.repeat(300), '1'],
  ])('a text that is too long, too deep or too wide is refused: %s', (start, rest) => {
    expect(codeOf(() => run(`${start}${rest}`))).toBe('invalid_expression');
  });
});

describe('honest work is not stopped [WRK-31]', () => {
  test.each([
    ['inputs.many.filter(x, x.endsWith("7")).size()', 5_000],
    ['inputs.many.size() > 0', true],
    ['inputs.many.exists(x, x == "file-49999")', true],
    ['inputs.text.size()', 250_001],
    ['inputs.text.contains("ab")', true],
    ['lines(inputs.text).size()', 1],
    ['(inputs.many + ["x"]).size()', 50_001],
    ['"file-3" in inputs.many', true],
    ['[1] + [2] + [3] == [1, 2, 3]', true],
    [`${'1 + '.repeat(400)}1`, 401],
    [`${'true && '.repeat(400)}true`, true],
  ])('%s', (expression, value) => {
    expect(run(expression)).toEqual(value);
  });

  test('a value is handed on whatever its size and depth', () => {
    expect(run('inputs.many')).toBe(scope.inputs['many']);
    expect(run('inputs.deep')).toBe(scope.inputs['deep']);
  });

  test('the limit can be set', () => {
    expect(run('inputs.some.map(x, x)', 1_000)).toHaveLength(300);
    tooCostly('inputs.some.map(x, x)', 100);
  });
});

describe('counting changes nothing but the cost', () => {
  const number = fc.constantFrom('1', '2.5', 'inputs.n', '(3)', '-4', 'size(inputs.l)');
  const list = fc.constantFrom(
    'inputs.l',
    '["a", "b"]',
    '[]',
    'inputs.l.map(x, x + "!")',
    '(inputs.l)',
    'inputs.m.?l.orValue(["z"])',
  );
  const text = fc.constantFrom(
    '"a"',
    "'}}'",
    'r"\\d"',
    '"""q"r"""',
    'inputs.s',
    'inputs.l[0]',
    'string(inputs.n)',
    '("a" + inputs.s)',
  );
  const { expression } = fc.letrec<{ expression: string; bool: string; value: string }>((tie) => ({
    bool: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom('true', 'has(inputs.n)', 'has(inputs.none)', 'inputs.b'),
      fc.tuple(number, fc.constantFrom('<', '<=', '>', '>=', '==', '!='), number).map((all) => all.join(' ')),
      fc.tuple(tie('bool'), fc.constantFrom('&&', '||'), tie('bool')).map((all) => `(${all.join(' ')})`),
      tie('bool').map((inner) => `!(${inner})`),
      fc.tuple(text, list).map(([one, all]) => `${one} in ${all}`),
      fc.tuple(list, list).map(([one, other]) => `${one} == ${other}`),
      fc.tuple(list, tie('bool')).map(([all, inner]) => `${all}.exists(x, x == "a" || ${inner})`),
    ),
    value: fc.oneof(
      { depthSize: 'small' },
      number,
      text,
      list,
      fc
        .tuple(
          number,
          fc.constantFrom('+', '-', '*', '/', '%'),
          number,
          fc.constantFrom('+', '-', '*'),
          number,
        )
        .map((all) => all.join(' ')),
      fc.tuple(number, number, number).map(([a, b, c]) => `${a} - (${b} - ${c}) * ${a}`),
      fc
        .tuple(tie('bool'), tie('value'), tie('value'))
        .map(([test_, one, other]) => `(${test_} ? dyn(${one}) : dyn(${other}))`),
      fc.tuple(list, list).map(([one, other]) => `${one} + ${other}`),
      fc.tuple(tie('value'), tie('value')).map(([one, other]) => `{"k": ${one}, "v": [${other}]}`),
      fc.tuple(list, tie('bool')).map(([all, inner]) => `${all}.filter(x, ${inner}).map(y, [y, ${inner}])`),
      fc.tuple(text, text).map(([one, other]) => `(${one} + ${other}).split("a").join("-")`),
      text.map((one) => `${one}.matches("[a-c]")`),
    ),
    expression: fc.oneof(tie('bool'), tie('value')),
  }));
  const inputs = { n: 7, s: 'abc', b: false, l: ['a', 'x'], m: {} };

  test('every expression gives what the library gives for the text as it was written', () => {
    fc.assert(
      fc.property(expression, (written) => {
        const plain = attempt(() =>
          withFuel(1e6, () => toJson(language().parse(written)(new Map([['inputs', inputs]])))),
        );
        const metered = attempt(() => evaluate(`\${{ ${written} }}`, { ...scope, inputs }));
        expect({ written, value: metered }).toEqual({ written, value: plain });
      }),
      { numRuns: 3_000 },
    );
  });

  function attempt(work: () => unknown): unknown {
    try {
      return work();
    } catch {
      return 'refused';
    }
  }
});
