import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { tellingLines } from './telling-lines.ts';

/** What Node itself writes of a module. */
const written = (code: string) =>
  spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' }).stderr;

describe('of what a program wrote before it ended', () => {
  test('a module that cannot be read is told with its place, the line and the error', () => {
    const [place, code, error, ...more] = tellingLines(written('{{'));
    expect(place).toMatch(/:1$/);
    expect([code, error, more]).toEqual(['{{', 'SyntaxError: Unexpected end of input', []]);
  });

  test('an error that nobody caught is told, and not its stack', () => {
    const lines = tellingLines(written(`throw Object.assign(new Error('boom'), { code: 'E_X' })`));
    expect(lines.at(-1)).toBe('Error: boom');
    expect(lines.join('\n')).not.toMatch(/^at |Node\.js/m);
  });

  test('the last of several errors counts', () => {
    expect(tellingLines('TypeError: first\n    at x (a.js:1:1)\nRangeError: second\n')).toEqual([
      'RangeError: second',
    ]);
  });

  test('without an error it is the last lines', () => {
    expect(tellingLines('one\ntwo\n\nthree\nfour\n')).toEqual(['two', 'three', 'four']);
    expect(tellingLines('')).toEqual([]);
  });
});
