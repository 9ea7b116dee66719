import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  covers,
  formatPermission,
  intersect,
  type Permission,
  parsePermission,
  permissionSentence,
  placePermission,
} from './permission.ts';
import { PERMISSION_TYPES } from './permission-types.ts';

function permission(text: string): Permission {
  const parsed = parsePermission(text);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.permission;
}

const isCovered = (granted: string, wanted: string) => covers(permission(granted), permission(wanted));
const meeting = (...sets: string[][]) =>
  intersect(sets.map((set) => set.map(permission))).map(formatPermission);

describe('reading a permission', () => {
  test.each([
    ['fs:read:.', 'fs:read:.'],
    ['fs:write:src/../lib//x/', 'fs:write:lib/x'],
    ['fs:read:src/**', 'fs:read:src'],
    ['fs:read:/a/./b/../c', 'fs:read:/a/c'],
    ['fs:read:/../..', 'fs:read:/'],
    ['fs:read:~/.ssh/', 'fs:read:~/.ssh'],
    ['fs:write:@data', 'fs:write:@data'],
    ['fs:write:./@data', 'fs:write:./@data'],
    ['fs:write:./~', 'fs:write:./~'],
    ['net:API.example.org:443', 'net:api.example.org:443'],
    ['net:example.org', 'net:example.org:*'],
    ['net:*', 'net:*:*'],
    ['net:[::1]:8080', 'net:[::1]:8080'],
    ['shell:python3*', 'shell:python3*'],
    ['secret:TOKEN@API.example.org', 'secret:TOKEN@api.example.org:*'],
    ['clipboard', 'clipboard'],
  ])('[WRK-14] %s is understood as %s', (text, normal) => {
    expect(formatPermission(permission(text))).toBe(normal);
  });

  test.each([
    'fs:read',
    'fs:read:../other',
    'fs:write:src/../../x',
    'fs:read:~/../bob',
    'fs:read:@data/..//../x',
    'fs:read:src/*.ts',
    'fs:read:a\0b',
    'net:https://example.org',
    'net:example.org:0',
    'net:example.org:65536',
    'net:a b:80',
    'shell:/usr/bin/git',
    'shell:git commit',
    'secret:A B',
    'rocket:*',
  ])('[WRK-14] %j is refused', (text) => {
    expect(parsePermission(text).ok).toBe(false);
  });

  test('[WRK-14] an unknown type is refused with the type that was probably meant', () => {
    expect(parsePermission('fs:raed:.')).toMatchObject({ suggestion: 'did you mean "fs:read"?' });
    expect(parsePermission('secert:X')).toMatchObject({ suggestion: 'did you mean "secret"?' });
  });

  test('[WRK-14] every type has a plain sentence', () => {
    for (const type of Object.keys(PERMISSION_TYPES) as (keyof typeof PERMISSION_TYPES)[]) {
      expect(permissionSentence('git', { type, scope: '*' })).toMatch(/^git wants to \w+ /);
    }
  });

  test('[WRK-15] characters that mislead are shown as codes', () => {
    const sentence = permissionSentence('x', { type: 'fs:read', scope: '/a\u202e\u200b\nb c' });
    expect(sentence).toBe('x wants to read files in /a\\u{202e}\\u{200b}\\u{a}b c');
  });
});

describe('what a grant takes in', () => {
  test.each([
    ['fs:read:.', 'fs:read:src/a'],
    ['fs:read:/a/b', 'fs:read:/a/b/c'],
    ['fs:read:/', 'fs:read:/etc/shadow'],
    ['fs:write:src', 'fs:read:src'],
    ['net:*.example.org:443', 'net:a.b.example.org:443'],
    ['net:*:443', 'net:example.org:443'],
    ['shell:*', 'shell:git'],
    ['secret:SLACK_*', 'secret:SLACK_URL'],
  ])('[WRK-14] %s covers %s', (granted, wanted) => {
    expect(isCovered(granted, wanted)).toBe(true);
  });

  test.each([
    ['fs:read:/a/b', 'fs:read:/a/bc'],
    ['fs:read:src', 'fs:read:srcs'],
    ['fs:read:src', 'fs:write:src'],
    ['fs:read:.', 'fs:read:/etc'],
    ['fs:read:.', 'fs:read:~'],
    ['fs:read:/a/b', 'fs:read:/a/b/../c'],
    ['net:*.example.org:443', 'net:example.org:443'],
    ['net:*.example.org:443', 'net:evilexample.org:443'],
    ['net:example.org:443', 'net:example.org:80'],
    ['net:example.org:443', 'net:*:443'],
    ['shell:git', 'shell:git-evil'],
    ['shell:git', 'shell:*'],
    ['secret:A', 'env:A'],
  ])('[WRK-14] %s does not cover %s', (granted, wanted) => {
    expect(isCovered(granted, wanted)).toBe(false);
  });

  test('[WRK-14] no path below a sibling is ever covered, however it is written', () => {
    const part = fc.constantFrom('a', 'b', '..', '.', '', 'ab');
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        const wanted = parsePermission(`fs:read:/a/${parts.join('/')}`);
        if (!wanted.ok || !covers(permission('fs:read:/a'), wanted.permission)) return;
        expect(`${wanted.permission.scope}/`.startsWith('/a/')).toBe(true);
        expect(wanted.permission.scope).not.toContain('..');
      }),
    );
  });

  test('paths of different realms are compared once they are placed', () => {
    const places = { workspace: '/home/ann/repo', home: '/home/ann', data: '/var/cadre/git' };
    const placed = (text: string) => placePermission(permission(text), places);
    expect(covers(placed('fs:read:~'), placed('fs:read:src'))).toBe(true);
    expect(placed('fs:write:@data').scope).toBe('/var/cadre/git');
    expect(covers(placed('fs:read:.'), placed('fs:read:~/repository'))).toBe(false);
  });
});

describe('the intersection', () => {
  test('[WRK-17] a call may use what every set allows', () => {
    expect(
      meeting(['fs:write:.', 'shell:*', 'net:*:443'], ['fs:read:src', 'shell:git', 'net:example.org']),
    ).toEqual(['fs:read:src', 'shell:git', 'net:example.org:443']);
  });

  test('[WRK-17] what one set leaves out is gone, and no set at all allows nothing', () => {
    expect(meeting(['shell:git'], [])).toEqual([]);
    expect(meeting()).toEqual([]);
  });

  test('[WRK-17] is never wider than any of its sets', () => {
    const texts = [
      'fs:read:.',
      'fs:write:src',
      'fs:read:src/a',
      'shell:*',
      'shell:g*',
      'shell:git',
      'net:*',
      'net:*:443',
      'net:a.b:443',
    ];
    const set = fc.subarray(texts);
    fc.assert(
      fc.property(set, set, (a, b) => {
        for (const one of intersect([a.map(permission), b.map(permission)])) {
          expect(a.some((granted) => covers(permission(granted), one))).toBe(true);
          expect(b.some((granted) => covers(permission(granted), one))).toBe(true);
        }
      }),
    );
  });
});

describe('[WRK-22] a secret that is bound to a host', () => {
  test.each([
    ['secret:TOKEN', 'secret:TOKEN@api.example.org:443', true],
    ['secret:*', 'secret:TOKEN@api.example.org:443', true],
    ['secret:TOKEN@api.example.org', 'secret:TOKEN@api.example.org:443', true],
    ['secret:TOKEN@*.example.org:443', 'secret:TOKEN@api.example.org:443', true],
    ['secret:TOKEN@api.example.org:443', 'secret:TOKEN', false],
    ['secret:TOKEN@api.example.org:443', 'secret:TOKEN@evil.example.org:443', false],
    ['secret:TOKEN@api.example.org:443', 'secret:OTHER@api.example.org:443', false],
    ['secret:*@api.example.org:443', 'secret:TOKEN', false],
  ])('%s covers %s: %s', (granted, wanted, expected) => expect(isCovered(granted, wanted)).toBe(expected));

  test('meets one that is not by staying bound, and one that is by the narrower host', () => {
    expect(meeting(['secret:*'], ['secret:TOKEN@api.example.org:443'])).toEqual([
      'secret:TOKEN@api.example.org:443',
    ]);
    expect(meeting(['secret:TOKEN@*.example.org'], ['secret:TOKEN@api.example.org:443'])).toEqual([
      'secret:TOKEN@api.example.org:443',
    ]);
    expect(meeting(['secret:TOKEN@a.example.org'], ['secret:TOKEN@b.example.org'])).toEqual([]);
  });

  test('says that the worker does not see it', () => {
    expect(permissionSentence('api', permission('secret:TOKEN@api.example.org:443'))).toBe(
      'api wants to have the secret TOKEN put into requests to api.example.org:443, without seeing it',
    );
  });
});
