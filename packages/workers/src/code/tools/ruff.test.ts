import { expect, test } from 'vitest';
import recorded from './fixtures/ruff.json' with { type: 'json' };
import { ruff } from './ruff.ts';

// What the real program printed for three files, since it cannot be installed everywhere; where it is, tools.test.ts runs it.
const [check, format] = ruff;
const completed = (output: typeof recorded.check) => ({
  ...output,
  timedOut: false,
  truncated: false,
  durationMs: 1,
});

test('what ruff check prints becomes findings with place, rule, severity and fix', () => {
  expect(check?.parse(completed(recorded.check))).toEqual([
    {
      file: '/repository/in/bad.py',
      line: 2,
      column: 5,
      rule: 'F821',
      severity: 'medium',
      message: 'Undefined name `undefined_name`',
    },
    {
      file: '/repository/in/imports.py',
      line: 1,
      column: 8,
      rule: 'F401',
      severity: 'medium',
      message: '`os` imported but unused',
      fix: 'Remove unused import: `os`',
    },
    expect.objectContaining({
      file: '/repository/in/syntax.py',
      line: 2,
      column: 7,
      rule: 'syntax',
      message: 'Expected a parameter or the end of the parameter list',
    }),
    expect.objectContaining({ file: '/repository/in/syntax.py', line: 3, rule: 'syntax' }),
  ]);
});

test('what ruff format cannot read becomes a finding with its place', () => {
  expect(recorded.format.code).toBe(2);
  expect(format?.parse(completed(recorded.format))).toEqual([
    expect.objectContaining({
      file: 'in/syntax.py',
      line: 2,
      column: 7,
      rule: 'syntax',
      message: 'Expected a parameter or the end of the parameter list',
    }),
  ]);
});
