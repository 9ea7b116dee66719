import { expect, test } from 'vitest';
import { buildJunit, parseJunit } from './junit.ts';

test('[HYG-22] what is written as JUnit is read again as the same tests, whatever their names and messages', () => {
  const cases = [
    { name: 'a < b & "c" \'d\' ü 😀', status: 'passed', durationMs: 12, file: 'in/a b.ts' },
    {
      name: 'constructor',
      status: 'failed',
      durationMs: 0,
      file: 'x',
      line: 3,
      message: 'no ]]> <b>\n  at x:3',
    },
    { name: '', status: 'skipped', durationMs: 1 },
  ] as const;

  const read = parseJunit(
    buildJunit([
      { name: 'one', cases },
      { name: 'none', cases: [] },
    ]),
  );

  expect(read).toMatchObject(cases.map((one) => ({ ...one, suites: ['one'] })));
});

test('characters that XML cannot hold are replaced', () => {
  const xml = buildJunit([
    {
      name: 'x',
      cases: [{ name: 'a\u0000b\u001b[31m', status: 'failed', durationMs: 0, message: '\uD800' }],
    },
  ]);
  expect(parseJunit(xml)).toMatchObject([{ name: 'a\uFFFDb\uFFFD[31m', message: '\uFFFD' }]);
});

test('errors count as failures, suites lie in one another, and an attribute may be called as an element', () => {
  const xml = `<testsuite name="a"><testsuite name="b">
    <testcase name="1" time="1.5" failure="short"><failure message="short">long</failure></testcase>
    <testcase name="2"><error>oh</error></testcase>
    <testcase name="3"><skipped/></testcase>
  </testsuite></testsuite>`;
  expect(parseJunit(xml)).toMatchObject([
    { name: '1', status: 'failed', durationMs: 1500, message: 'short\nlong', suites: ['a', 'b'] },
    { name: '2', status: 'failed', message: 'oh' },
    { name: '3', status: 'skipped' },
  ]);
});

test('an empty report has no tests; what is cut off or is something else is no report', () => {
  expect(parseJunit('<testsuites/>')).toEqual([]);
  for (const xml of ['', 'hello', '<html></html>', '<testsuites><testcase name="a">']) {
    expect(parseJunit(xml)).toBeUndefined();
  }
});
