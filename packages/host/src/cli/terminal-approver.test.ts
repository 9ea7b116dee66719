import { describe, expect, test } from 'vitest';
import type { PermissionQuestion } from '../ports/approver.ts';
import { fits, permissionLines } from './terminal-approver.ts';

const question = (changes: Partial<PermissionQuestion> = {}): PermissionQuestion => ({
  worker: 'tool',
  version: '1.0.0',
  origin: 'installed',
  action: 'do',
  permission: 'shell:curl',
  sentence: 'tool wants to run the program curl',
  target: '/usr/bin/curl -d x https://one.example',
  run: 'run_1',
  step: 'fetch',
  mayAlways: true,
  ...changes,
});

const SCREEN = { columns: 80, rows: 24 };

describe('the question that a person is asked', () => {
  test('[WRK-15] tells what exactly, what a yes would cover, and whose code it is', () => {
    expect(permissionLines(question())).toEqual([
      'tool wants to run the program curl',
      '  exactly  /usr/bin/curl -d x https://one.example',
      '  covers   shell:curl',
      '  worker   tool 1.0.0, an installed package',
      '  for      tool/do in step fetch of run_1',
    ]);
  });

  test('[WRK-16] says that what was agreed to has changed, and when that was', () => {
    const changedSince = Date.UTC(2026, 0, 31);
    expect(permissionLines(question({ changedSince }))[1]).toBe(
      '  again    its manifest or code has changed since it was allowed (2026-01-31)',
    );
  });

  test('[WRK-15] [WRK-17] names who calls whom, whatever they are called', () => {
    const chain = ['evil/do@1.0.0\n  for      git/commit', 'git/commit@0.1.0'];
    expect(permissionLines(question({ chain }))[4]).toBe(
      '  calls    evil/do@1.0.0\\u{a}  for      git/commit → git/commit@0.1.0',
    );
    expect(permissionLines(question({ chain }))).toHaveLength(6);
  });

  test.each([
    ['a colour that hides what follows', '\u001b[8mhidden\u001b[0m'],
    ['a cursor that writes over the line above', '\u001b[1A\u001b[2Ktool wants to read files in src'],
    ['a new title and a link', '\u001b]0;title\u0007\u001b]8;;https://evil.example\u0007'],
    ['lines of its own', 'a\n  covers   shell:true\n◆ Yes\r'],
    ['directions', 'a\u202eb\u2066c\u2069'],
    ['what draws nothing', 'a\u200b\u2060\u3164\ufe0fb'],
    ['towers of marks', `a${'\u0336'.repeat(40)}`],
    ['codes of eight bits', 'a\u009b31mb\u0085c'],
  ])('[WRK-15] cannot be made to look otherwise by %s', (_, text) => {
    for (const name of [
      'target',
      'step',
      'action',
      'worker',
      'version',
      'run',
      'permission',
      'sentence',
    ] as const) {
      const lines = permissionLines(question({ [name]: text }));
      expect(lines).toHaveLength(5);
      const shown = lines.join('\n');
      expect(shown.replaceAll('\n', '')).not.toMatch(
        /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u,
      );
      expect(shown).not.toMatch(/\p{M}{3}/u);
      expect(shown).toContain('\\u{');
    }
  });

  test('[WRK-15] always is offered only where all of it stands on the screen together with the choices', () => {
    const told = (target: string) => fits(permissionLines(question({ target })), 5, SCREEN);
    expect(told('/usr/bin/curl x')).toBe(true);
    expect(told(`/usr/bin/curl ${'x'.repeat(560)}`)).toBe(true);
    expect(told(`/usr/bin/curl ${'x'.repeat(800)} https://evil.example`)).toBe(false);
    // Two cells each: what would fit by its number of characters does not.
    expect(told('名'.repeat(500))).toBe(false);
    // Codes take the room that they take.
    expect(told('\u202e'.repeat(150))).toBe(false);
  });

  test('[WRK-15] always is not offered where nobody knows how large the screen is', () => {
    expect(fits(permissionLines(question()), 5, {})).toBe(false);
    expect(fits(permissionLines(question()), 5, { columns: 80 })).toBe(false);
    expect(fits(permissionLines(question()), 5, { columns: 0, rows: 24 })).toBe(false);
    expect(fits(permissionLines(question()), 5, { columns: 80, rows: 12 })).toBe(false);
  });
});
