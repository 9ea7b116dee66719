import fc from 'fast-check';
import { expect, test } from 'vitest';
import { comparePython, pythonName } from './python-version.ts';

/** The order that PEP 440 gives as its example, and its neighbours. */
const ORDER = [
  '0.9',
  '1.dev0',
  '1.0.dev456',
  '1.0a1',
  '1.0a2.dev456',
  '1.0a12.dev456',
  '1.0a12',
  '1.0b1.dev456',
  '1.0b2',
  '1.0b2.post345.dev456',
  '1.0b2.post345',
  '1.0rc1.dev456',
  '1.0rc1',
  '1.0',
  '1.0+abc.5',
  '1.0+abc.7',
  '1.0+5',
  '1.0.post456.dev34',
  '1.0.post456',
  '1.0.15',
  '1.1.dev1',
  '1!0.1',
];

test('versions stand in the order of PEP 440', () => {
  for (const [index, version] of ORDER.entries()) {
    for (const [other, later] of ORDER.entries()) {
      expect(Math.sign(comparePython(version, later) ?? Number.NaN), `${version} ${later}`).toBe(
        Math.sign(index - other),
      );
    }
  }
});

test.each([
  ['1.0', '1.0.0'],
  ['1.0', 'v1.0'],
  ['1.0a1', '1.0-alpha.1'],
  ['1.0rc1', '1.0c1'],
  ['1.0rc1', '1.0_preview_1'],
  ['1.0.post1', '1.0-1'],
  ['1.0.post1', '1.0.rev1'],
  ['1.0.post0', '1.0.post'],
  ['1.0.dev0', '1.0dev'],
  ['1.0+ubuntu.1', '1.0+UBUNTU-1'],
  ['01.02', '1.2'],
  ['0!1.0', ' 1.0 '],
])('%s and %s are the same version', (a, b) => {
  expect(comparePython(a, b)).toBe(0);
});

test.each(['', 'latest', '1.0.x', '1..0', '1.0-', '1.0+', 'a1', '1.0a1b1'])('%j is no version', (version) => {
  expect(comparePython(version, '1.0')).toBeUndefined();
});

const small = fc.nat({ max: 3 });
const version = fc
  .record({
    epoch: fc.option(small, { freq: 4 }),
    release: fc.array(small, { minLength: 1, maxLength: 4 }),
    pre: fc.option(fc.tuple(fc.constantFrom('a', 'b', 'rc'), small)),
    post: fc.option(small),
    dev: fc.option(small),
    local: fc.option(fc.constantFrom('a', '1', 'a.1', '1.a'), { freq: 4 }),
  })
  .map(({ epoch, release, pre, post, dev, local }) =>
    [
      epoch === null ? '' : `${epoch}!`,
      release.join('.'),
      pre === null ? '' : pre.join(''),
      post === null ? '' : `.post${post}`,
      dev === null ? '' : `.dev${dev}`,
      local === null ? '' : `+${local}`,
    ].join(''),
  );
const order = (a: string, b: string) => Math.sign(comparePython(a, b) ?? Number.NaN);

test('it is a total order', () => {
  fc.assert(
    fc.property(version, version, version, (a, b, c) => {
      expect(order(a, a)).toBe(0);
      expect(order(a, b) + order(b, a)).toBe(0);
      if (order(a, b) <= 0 && order(b, c) <= 0) expect(order(a, c)).toBeLessThanOrEqual(0);
    }),
    { numRuns: 2_000 },
  );
});

test('a development release comes before its version, a post release after it, a local one directly after it', () => {
  fc.assert(
    fc.property(version, (one) => {
      const base = one.replace(/(?:\.dev\d+)?(?:\+.*)?$/, '');
      expect(order(`${base}.dev0`, base)).toBe(-1);
      expect(order(base, `${base}+local`)).toBe(-1);
      if (!base.includes('post')) expect(order(base, `${base}.post0`)).toBe(-1);
    }),
  );
});

test('names are compared as PyPI does', () => {
  expect(['PyYAML', 'zope.interface', 'A__b--C'].map(pythonName)).toEqual([
    'pyyaml',
    'zope-interface',
    'a-b-c',
  ]);
});
