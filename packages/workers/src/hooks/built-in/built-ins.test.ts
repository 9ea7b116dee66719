import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Fault, UsageError } from './built-in.ts';
import { BUILT_INS } from './built-ins.ts';

interface Tried {
  readonly path?: string;
  readonly args?: readonly string[];
  readonly executable?: boolean;
  readonly inMerge?: boolean;
}

/** What a check says of one file: undefined, a message, or the mended content. */
function tryOn(id: string, content: string | Buffer, tried: Tried = {}): Fault | undefined {
  const { path = 'file.txt', args = [], executable = false, inMerge = false } = tried;
  const check = BUILT_INS.get(id)?.create(args, { inMerge });
  if (check?.kind !== 'file') throw new Error(`${id} does not look at single files`);
  const bytes = Buffer.from(content as string);
  return check.check({ path, content: bytes, text: bytes.toString('latin1'), executable });
}

const mended = (id: string, content: string | Buffer, tried?: Tried) =>
  tryOn(id, content, tried)?.content?.toString();
const message = (id: string, content: string | Buffer, tried?: Tried) => tryOn(id, content, tried)?.message;

describe('trailing-whitespace', () => {
  test('strips blanks and keeps line ends [HYG-43]', () => {
    expect(mended('trailing-whitespace', 'a \t\nb\r\n c \r\n\x0b\f\nend ')).toBe('a\nb\r\n c\r\n\nend');
    expect(mended('trailing-whitespace', 'a\r\r\n')).toBe('a\r\n');
    expect(tryOn('trailing-whitespace', 'a\n\nb')).toBeUndefined();
    expect(tryOn('trailing-whitespace', '')).toBeUndefined();
    expect(mended('trailing-whitespace', 'a- \n', { args: ['--chars', ' -'] })).toBe('a\n');
  });

  test('keeps line breaks of Markdown where asked to', () => {
    const tried = { path: 'x.MD', args: ['--markdown-linebreak-ext=md'] };
    expect(mended('trailing-whitespace', 'a   \n  \nb \n', tried)).toBe('a  \n\nb\n');
    expect(mended('trailing-whitespace', 'a  \n', { path: 'x.txt', args: tried.args })).toBe('a\n');
    expect(tryOn('trailing-whitespace', 'a  \n', { args: ['--markdown-linebreak-ext=*'] })).toBeUndefined();
    expect(() => tryOn('trailing-whitespace', '', { args: ['--markdown-linebreak-ext='] })).toThrow(
      UsageError,
    );
  });

  test('touches no other byte', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const fixed = tryOn('trailing-whitespace', Buffer.from(bytes))?.content ?? Buffer.from(bytes);
        const strip = (all: Uint8Array) =>
          Buffer.from(all)
            .toString('latin1')
            .replace(/[ \t\r\v\f]/g, '');
        expect(strip(fixed)).toBe(strip(bytes));
        expect(tryOn('trailing-whitespace', fixed)).toBeUndefined();
      }),
    );
  });
});

test.each([
  ['foo', 'foo\n'],
  ['foo\n\n\n', 'foo\n'],
  ['foo\r\n\r\n', 'foo\r\n'],
  ['foo\r\r', 'foo\r'],
  ['\n\n', ''],
  ['\n', ''],
  ['foo\n', undefined],
  ['foo\r\n', undefined],
  ['', undefined],
])('end-of-file-fixer makes %j to %j [HYG-43]', (text, wanted) => {
  expect(mended('end-of-file-fixer', text)).toBe(wanted);
});

test.each([
  ['a\nb\r\nc\n', [], 'a\nb\nc\n'],
  ['a\r\nb\r\nc\n', [], 'a\r\nb\r\nc\r\n'],
  ['a\r\nb\n', [], 'a\nb\n'],
  ['a\rb\r\n', [], 'a\r\nb\r\n'],
  ['a\nb\r\nend', [], 'a\nb\nend\n'],
  ['a\r\nb\r\n', [], undefined],
  ['a\r\nb\r\n', ['--fix=lf'], 'a\nb\n'],
  ['a\nb\n', ['-f', 'crlf'], 'a\r\nb\r\n'],
  ['a\nb\n', ['--fix=lf'], undefined],
])('mixed-line-ending makes %j with %j to %j [HYG-43]', (text, args, wanted) => {
  expect(mended('mixed-line-ending', text, { args })).toBe(wanted);
});

test('mixed-line-ending only tells where asked to, and refuses what it does not know', () => {
  expect(tryOn('mixed-line-ending', 'a\nb\r\n', { args: ['--fix=no'] })).toEqual({
    message: 'file.txt: mixed line endings',
  });
  expect(() => tryOn('mixed-line-ending', '', { args: ['--fix=vms'] })).toThrow(UsageError);
  expect(() => tryOn('end-of-file-fixer', '', { args: [] })).not.toThrow();
});

test('fix-byte-order-marker takes the mark away', () => {
  expect(mended('fix-byte-order-marker', '\ufeffx')).toBe('x');
  expect(tryOn('fix-byte-order-marker', 'x')).toBeUndefined();
});

describe('check-json', () => {
  test.each([
    '{}',
    '[1, 2.5e-3, -0, "\\u00e9", true, null]',
    ' "x" ',
    '{"a": {"a": NaN}, "b": -Infinity}',
    '[]',
  ])('takes %s', (text) => expect(tryOn('check-json', text)).toBeUndefined());

  test.each([
    ['', 'Expecting value: line 1 column 1'],
    ['{"a": 1,\n}', 'Expecting property name enclosed in double quotes: line 2 column 1'],
    ['{"a" 1}', "Expecting ':' delimiter: line 1 column 6"],
    ['[1 2]', "Expecting ',' delimiter: line 1 column 4"],
    ['[1,]', 'Expecting value: line 1 column 4'],
    ['{"a": 01}', "Expecting ',' delimiter: line 1 column 8"],
    ['{} x', 'Extra data: line 1 column 4'],
    ['{"a": {"b": 1, "b": 2}}', 'Duplicate key: b'],
    ['["\t"]', 'Expecting a string in double quotes: line 1 column 2'],
    ["{'a': 1}", 'Expecting property name enclosed in double quotes: line 1 column 2'],
    ['\ufeff{}', 'Unexpected UTF-8 BOM'],
    ['['.repeat(100_000), 'nested too deeply: line 1 column 902'],
  ])('refuses %.30s', (text, reason) => {
    expect(message('check-json', text)).toBe(`file.txt: Failed to json decode (${reason})`);
  });

  test('agrees with the platform on any text that is near to JSON', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), fc.string({ maxLength: 2 }), (json, at, noise) => {
        const text = json.slice(0, at % (json.length + 1)) + noise + json.slice(at % (json.length + 1));
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false;
        }
        const answer = message('check-json', text);
        if (answer?.includes('Duplicate key') || text.startsWith('\ufeff')) return;
        expect(answer === undefined).toBe(valid);
      }),
      { numRuns: 500 },
    );
  });

  test('bytes that are no UTF-8 are refused', () => {
    expect(message('check-json', Buffer.from([0x22, 0xff, 0x22]))).toContain('not UTF-8');
  });
});

test('check-yaml, check-toml and check-xml find faults of syntax [HYG-43]', () => {
  expect(tryOn('check-yaml', 'a: 1\nb: [x, "y"]\n')).toBeUndefined();
  expect(message('check-yaml', 'a: [1\n')).toMatch(/^file\.txt: /);
  expect(message('check-yaml', 'a: 1\na: 2\n')).toContain('unique');
  expect(message('check-yaml', 'a: !custom 1\n')).toContain('!custom');
  expect(tryOn('check-yaml', 'a: !custom 1\na: 2\n---\nb: 1\n', { args: ['--unsafe'] })).toBeUndefined();
  expect(message('check-yaml', 'a: 1\n---\nb: 2\n')).toContain('single document');
  expect(tryOn('check-yaml', 'a: 1\n---\nb: 2\n', { args: ['-m'] })).toBeUndefined();
  expect(tryOn('check-yaml', 'a: 1\n---\nb: 2\n', { args: ['--allow-multiple-documents'] })).toBeUndefined();
  expect(tryOn('check-toml', '[a]\nb = 1979-05-27\n')).toBeUndefined();
  expect(message('check-toml', 'a = \n')).toMatch(/at line 1, column/);
  expect(tryOn('check-xml', '<?xml version="1.0"?><a b="c"><d/></a>')).toBeUndefined();
  expect(message('check-xml', '<a><b></a>')).toMatch(/Failed to xml parse \(1:/);
});

test('check-merge-conflict looks only during a merge or when told that there is one', () => {
  const text = 'a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> other\n';
  expect(tryOn('check-merge-conflict', text)).toBeUndefined();
  const told = message('check-merge-conflict', text, { inMerge: true });
  expect(told?.split('\n')).toEqual([
    "file.txt:2: Merge conflict string '<<<<<<<' found",
    "file.txt:4: Merge conflict string '=======' found",
    "file.txt:6: Merge conflict string '>>>>>>>' found",
  ]);
  expect(message('check-merge-conflict', text, { args: ['--assume-in-merge'] })).toBe(told);
  expect(tryOn('check-merge-conflict', 'Title\n========\n>>>>>>>x\n', { inMerge: true })).toBeUndefined();
});

test('detect-private-key, check-vcs-permalinks, shebangs and test names', () => {
  expect(message('detect-private-key', `x\n-----${'BEGIN'} RSA PRIVATE KEY-----\n`)).toBe(
    'Private key found: file.txt',
  );
  expect(tryOn('detect-private-key', '-----BEGIN PUBLIC KEY-----')).toBeUndefined();
  const link = (ref: string) => `see https://github.com/a/b/blob/${ref}/x.py#L3\n`;
  expect(message('check-vcs-permalinks', link('main'))).toContain('file.txt:1:see');
  expect(tryOn('check-vcs-permalinks', link('deadbeef'))).toBeUndefined();
  expect(
    message('check-vcs-permalinks', link('main').replace('github.com', 'git.example.org'), {
      args: ['--additional-github-domain', 'git.example.org'],
    }),
  ).toContain('file.txt:1');
  expect(message('check-executables-have-shebangs', 'echo\n', { executable: true, path: "a 'b'" })).toContain(
    `chmod -x 'a '"'"'b'"'"''`,
  );
  expect(tryOn('check-executables-have-shebangs', '#!/bin/sh\n', { executable: true })).toBeUndefined();
  expect(message('check-shebang-scripts-are-executable', '#!/bin/sh\n')).toContain('not marked executable');
  expect(tryOn('check-shebang-scripts-are-executable', '#!/bin/sh\n', { executable: true })).toBeUndefined();
  expect(message('name-tests-test', '', { path: 'tests/test_x.py' })).toContain('.*_test\\.py');
  expect(tryOn('name-tests-test', '', { path: 'tests/x_test.py' })).toBeUndefined();
  expect(
    tryOn('name-tests-test', '', { path: 'tests/test_x.py', args: ['--pytest-test-first'] }),
  ).toBeUndefined();
  expect(tryOn('name-tests-test', '', { path: 'tests/testing.py', args: ['--django'] })).toBeUndefined();
  expect(tryOn('name-tests-test', '', { path: 'tests/conftest.py' })).toBeUndefined();
});

test('pretty-format-json writes what Python would write', () => {
  const pretty = (text: string, ...args: string[]) =>
    mended('pretty-format-json', text, { args: ['--autofix', ...args] });
  expect(
    pretty(
      '{"b": 1, "a": [1.0, 1e3, 1e16, 1.5e-7, -0, -0.0, 0.0001, 123456789012345678901234567890], "c": {}}',
    ),
  ).toBe(
    '{\n  "a": [\n    1.0,\n    1000.0,\n    1e+16,\n    1.5e-07,\n    0,\n    -0.0,\n    0.0001,\n    123456789012345678901234567890\n  ],\n  "b": 1,\n  "c": {}\n}\n',
  );
  expect(pretty('{"é": "ü😀"}')).toBe('{\n  "\\u00e9": "\\u00fc\\ud83d\\ude00"\n}\n');
  expect(pretty('{"é":"ü"}', '--no-ensure-ascii')).toBe('{\n  "é": "ü"\n}\n');
  expect(pretty('{"b":1,"a":2,"c":3}', '--no-sort-keys', '--indent', '1', '--top-keys=c')).toBe(
    '{\n "c": 3,\n "b": 1,\n "a": 2\n}\n',
  );
  expect(tryOn('pretty-format-json', '{\n  "a": []\n}\n')).toBeUndefined();
  expect(tryOn('pretty-format-json', '{"a":1}')).toEqual({ message: 'file.txt: not pretty-formatted' });
  expect(message('pretty-format-json', '{')).toContain('not a valid JSON');
  expect(() => tryOn('pretty-format-json', '{}', { args: ['--indent', 'x'] })).toThrow(UsageError);
});

test('file-contents-sorter and requirements-txt-fixer sort', () => {
  expect(mended('file-contents-sorter', 'b\n\nA\r\na')).toBe('A\na\nb\n');
  expect(mended('file-contents-sorter', 'b\nA\na\n', { args: ['--ignore-case'] })).toBe('A\na\nb\n');
  expect(mended('file-contents-sorter', 'b\na\nb\n', { args: ['--unique'] })).toBe('a\nb\n');
  expect(tryOn('file-contents-sorter', 'a\nb\n')).toBeUndefined();
  const fixed = (text: string) => mended('requirements-txt-fixer', text);
  expect(fixed('foo\nbar==2\n# about c\nC>=1\nbar==2\n')).toBe('bar==2\n# about c\nC>=1\nfoo\n');
  expect(fixed('# top of file\n\nb\na\n# end\n')).toBe('# top of file\n\na\nb\n# end\n');
  expect(fixed('b\npkg-resources==0.0.0\na')).toBe('a\nb\n');
  expect(fixed('z \\\n  --hash=x\na')).toBe('a\nz \\\n  --hash=x\n');
  expect(fixed('git+ssh://x#egg=a\nb\n')).toBeUndefined();
  expect(fixed('\n\n')).toBeUndefined();
});
