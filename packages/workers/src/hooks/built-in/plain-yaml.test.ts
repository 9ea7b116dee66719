import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { isPlainYaml } from './plain-yaml.ts';

function isGood(text: string): boolean {
  const documents = parseAllDocuments(text, { logLevel: 'silent' });
  return (
    documents.length < 2 && documents.every(({ errors, warnings }) => errors.length + warnings.length === 0)
  );
}

const ORDINARY = [
  '',
  '# only a comment\n',
  'a: 1\nb: two words # remark\nc: "quoted: text"\nd: \'x\' # y\n',
  '---\nlist:\n- a\n- b: 1\n  c: 2\n-   - deep\n    - er\nnext: [a, "b", 3.5]\nempty: {}\n',
  'a:\n  b:\n    c: http://x.example:80/y#z\n  d: -1\n\n  # remark\n  e: ~\nf:\n',
  'text: |\n  one\n    two: [\n\n  three\nafter: >-\n  folded\nlast: 1\n',
  'steps:\n  - run: |\n      echo "a: b"\n      exit 1\n    name: x y\n  - uses: a/b@v1\n    with:\n      k: v\n',
];

test('ordinary files need no parser', () => {
  for (const text of ORDINARY) {
    expect(isPlainYaml(text), text).toBe(true);
    expect(isGood(text), text).toBe(true);
  }
});

test.each([
  'a: 1\na: 2\n',
  'true: 1\nTrue: 2\n',
  'a: b: c\n',
  'a:\n  b: 1\n c: 2\n',
  'a: 1\n  b: 2\n',
  '- a\nb: 1\n',
  'a: [1\n',
  'a: "x\n',
  'a: *b\n',
  'a: 1\n---\nb: 2\n',
  'a:\n\tb: 1\n',
  'a: - b\n',
  'a: @x\n',
  'a: |\n   x\n  y\n',
  'a: !t x\n',
  ' a: 1\nb: 2\n',
  'plain\n',
  'a: x\n  more\n',
  'key:\n  - a\n - b\n',
])('%j is left to the parser', (text) => {
  expect(isPlainYaml(text)).toBe(false);
});

const PARTS = [
  'a:',
  'b:',
  ' c',
  ': ',
  '- ',
  '-',
  ' ',
  '  ',
  '\n',
  '\n  ',
  '\n    ',
  '#',
  ' # x',
  '"',
  "'",
  '[',
  ']',
  ', ',
  '{}',
  '|',
  '>',
  '---',
  '...',
  '1',
  'true',
  'null',
  '~',
  '&x',
  '*x',
  '!',
  '%',
  '@',
  '\t',
  '?',
  '\\',
  'é',
  '<<:',
  '\r',
  ':',
];

test('what is taken for good without a parser, the parser takes for good as well', {
  timeout: 120_000,
}, () => {
  const text = fc.oneof(
    fc.array(fc.constantFrom(...PARTS), { maxLength: 14 }).map((parts) => parts.join('')),
    fc
      .tuple(
        fc.constantFrom(...ORDINARY),
        fc.array(fc.tuple(fc.nat(), fc.nat({ max: 2 }), fc.constantFrom(...PARTS)), { maxLength: 3 }),
      )
      .map(([ordinary, edits]) =>
        edits.reduce((edited, [at, gone, part]) => {
          const place = at % (edited.length + 1);
          return edited.slice(0, place) + part + edited.slice(place + gone);
        }, ordinary),
      ),
  );
  let plain = 0;
  fc.assert(
    fc.property(text, (candidate) => {
      if (!isPlainYaml(candidate)) return;
      plain += 1;
      expect(isGood(candidate), candidate).toBe(true);
    }),
    { numRuns: 20_000 },
  );
  expect(plain).toBeGreaterThan(500);
});
