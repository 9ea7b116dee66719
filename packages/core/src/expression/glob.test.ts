import fc from 'fast-check';
import picomatch from 'picomatch';
import { expect, test } from 'vitest';
import { withFuel } from './fuel.ts';
import { matchesGlob } from './glob.ts';

const matches = (path: string, glob: string) => withFuel(100_000, () => matchesGlob(path, glob));

test.each([
  ['src/a.ts', 'src/*.ts', true],
  ['src/deep/a.ts', 'src/*.ts', false],
  ['src/deep/a.ts', '**/*.ts', true],
  ['a.ts', '**/*.ts', true],
  ['.hidden/a.ts', '**/*.ts', true],
  ['a b/c"d.md', 'a b/*.md', true],
  ['release/1', 'release/*', true],
  ['src', 'src/**', true],
  ['src/', 'src/*', false],
  ['ä.md', '?.md', true],
  ['x.md', '[a-c].md', false],
])('%s and %s: %s', (path, glob, expected) => {
  expect(matches(path, glob)).toBe(expected);
});

test('clean paths match as picomatch matches them', () => {
  const name = fc.constantFrom('a', 'b', 'ab', '.a', 'a.b', 'a-b', 'A');
  const piece = fc.constantFrom(
    'a',
    'b',
    '*',
    '?',
    '*.b',
    'a*',
    '[ab]',
    '{a,b}',
    '**',
    '.a',
    '*.*',
    'a?b',
    '{a,*.b}',
  );
  const joined = (part: fc.Arbitrary<string>) =>
    fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
  fc.assert(
    fc.property(joined(name), joined(piece), (path, glob) => {
      const expected = picomatch(glob, { dot: true, noextglob: true, nonegate: true })(path);
      expect({ path, glob, matched: matches(path, glob) }).toEqual({ path, glob, matched: expected });
    }),
    { numRuns: 3_000 },
  );
});
