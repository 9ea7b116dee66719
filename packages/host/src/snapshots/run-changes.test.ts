import { describe, expect, test } from 'vitest';
import type { Version } from './entry.ts';
import { changeOfPath, type Window } from './run-changes.ts';

/** A version of a file from one look until another. */
const version = (digest: string, began: number, ended?: number, changed = 0): Version => ({
  path: 'a',
  kind: 'file',
  mode: 0o644,
  digest,
  signature: digest,
  changed,
  began,
  ...(ended === undefined ? {} : { ended }),
});
const window = (began: number, ended: number, more: Partial<Window> = {}): Window => ({
  run: 'run_1',
  step: 'work',
  began,
  ended,
  ...more,
});

describe('[HYG-11] whose a change was', () => {
  test("between two looks with a step of the run around them: the run's", () => {
    const versions = [version('old', 1, 3), version('new', 3)];
    expect(changeOfPath('a', versions, [window(2, 3)])).toMatchObject({
      change: 'modified',
      standing: 'restorable',
    });
    expect(changeOfPath('a', versions, [window(1, 2), window(3, 4)])).toBeUndefined();
  });

  test("after the process of a step had died, and before anybody noticed: perhaps a person's, so left alone", () => {
    const died = 1_000_000;
    const at = (changed: number) =>
      changeOfPath(
        'a',
        [version('old', 1, 3), version('new', 3, undefined, changed)],
        [window(2, 3, { lastAlive: died })],
      )?.standing;
    expect(at(died - 5_000)).toBe('restorable');
    expect(at(died + 500)).toBe('restorable');
    expect(at(died + 60_000)).toBe('changed_meanwhile');
  });

  test('deleted by a step whose process died: brought back, since a path that is gone has no time', () => {
    expect(changeOfPath('a', [version('old', 1, 3)], [window(2, 3, { lastAlive: 1 })])).toMatchObject({
      change: 'deleted',
      standing: 'restorable',
    });
  });

  test('what was not kept is told as that', () => {
    const versions = [version('~900 1', 1, 3), version('new', 3)];
    expect(changeOfPath('a', versions, [window(2, 3)])?.standing).toBe('not_kept');
  });

  test('what was put back already is as it was', () => {
    const versions = [version('old', 1, 3), version('new', 3, 5), version('old', 5)];
    expect(changeOfPath('a', versions, [window(2, 3)])?.standing).toBe('as_before');
  });
});
