import { describe, expect, test } from 'vitest';
import { grantedWays } from './granted-ways.ts';

const ways = grantedWays({
  readable: ['/w/.git/config', '/r'],
  writable: ['/w', '/data/x'],
  hidden: ['/w/secret', '/r/private', '/w/one'],
  packages: ['/w/.cadre/workers/a', '/r/private/package'],
  caches: ['/data/x/cache'],
});

describe('[WRK-21] of paths that hold one another the deepest decides', () => {
  test.each([
    ['/w', 'writable'],
    ['/w/a/b', 'writable'],
    ['/w/.git/config', 'readable'],
    ['/w/.git/configs', 'writable'],
    ['/w/secret/x', 'hidden'],
    ['/w/secrets', 'writable'],
    ['/w/.cadre/workers/a/main.js', 'readable'],
    ['/r/private/package/x', 'readable'],
    ['/r/private/x', 'hidden'],
    ['/', undefined],
    ['/etc', undefined],
    ['/wide', undefined],
  ])('%s is %s', (path, way) => {
    expect(ways.of(path)).toBe(way);
  });

  test('what was granted begins at its outermost folders, and again inside of what is hidden', () => {
    expect(ways.tops).toEqual(['/data/x', '/r', '/r/private/package', '/w']);
  });

  test('caches are caches with all that is in them', () => {
    expect(['/data/x/cache', '/data/x/cache/y', '/data/x/caches'].map(ways.isCache)).toEqual([
      true,
      true,
      false,
    ]);
  });

  test.each([
    ['/w/a/link', '../b', true],
    ['/w/a/link', '../../r/x', true],
    ['/w/a/link', '/r', true],
    ['/w/link', '.', true],
    ['/w/a/link', '..', true],
    ['/w/link', '..', false],
    ['/w/link', '/etc/passwd', false],
    ['/w/link', '../etc', false],
    ['/w/link', 'secret/key', false],
    ['/w/link', '/w/secret', false],
    // Each part for itself stays inside, and the way does not when `a` is a link.
    ['/w/link', 'a/../../etc', false],
    ['/w/link', 'a/..', false],
    ['/w/x/link', './../b', true],
    ['/w/link', '//etc', false],
  ])('a link at %s to %s stays inside: %s', (path, to, isInside) => {
    expect(ways.staysInside(path, to)).toBe(isInside);
  });
});
