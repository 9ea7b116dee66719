import { describe, expect, test } from 'vitest';
import { type SeatbeltBox, seatbeltProfile } from './seatbelt-profile.ts';

const BOX: SeatbeltBox = {
  readable: ['/Users/ann/work/.git/hooks', '/opt/node'],
  writable: ['/Users/ann/work', '/Users/ann/data'],
  hidden: ['/Users/ann/work/.env'],
  programs: ['/usr/bin/git'],
  helpers: ['/usr/libexec/git-core'],
  temporary: '/private/var/folders/x/cadre-worker-1',
  cwd: '/Users/ann/work',
  proxySocket: '/private/tmp/cadre/proxy.sock',
};

/** Rules in their order: what they say, and of what. */
function rulesOf(box: SeatbeltBox): readonly { readonly says: string; readonly of: readonly string[] }[] {
  const rules = seatbeltProfile(box).split(/\n(?=\()/);
  return rules.map((text) => {
    const [head = '', ...filters] = text.trimEnd().replace(/\)$/, '').split('\n  ');
    return { says: head.slice(1), of: filters };
  });
}

const indexOf = (says: string, of: string) =>
  rulesOf(BOX).findIndex((rule) => rule.says === says && rule.of.includes(of));

/** Reads texts as Seatbelt's language does, and says whether brackets and quotes are closed exactly at the end. */
function isWhole(profile: string): boolean {
  let depth = 0;
  let isText = false;
  for (let index = 0; index < profile.length; index++) {
    const character = profile[index];
    if (isText) {
      if (character === '\\') index += 1;
      else if (character === '"') isText = false;
    } else if (character === '"') isText = true;
    else if (character === '(') depth += 1;
    else if (character === ')') depth -= 1;
    else if (character === ';') return false;
    if (depth < 0) return false;
  }
  return depth === 0 && !isText;
}

describe('the profile of Seatbelt', () => {
  test('[WRK-19] refuses everything first, and the only way out is the socket of the proxy', () => {
    const rules = rulesOf(BOX);
    expect(rules.slice(0, 2).map(({ says }) => says)).toEqual(['version 1', 'deny default']);
    expect(rules.filter(({ says }) => says.includes('network'))).toEqual([
      {
        says: 'allow network-outbound',
        of: ['(remote unix-socket (path-literal "/private/tmp/cadre/proxy.sock"))'],
      },
    ]);
    const { proxySocket: _, ...closed } = BOX;
    expect(seatbeltProfile(closed)).not.toContain('network');
    expect(seatbeltProfile(BOX)).not.toMatch(/\(allow default|with no-sandbox|appleevent|lsopen|name-prefix/);
  });

  test('[WRK-19] only what is granted is read and written, and only granted programs are started', () => {
    const rules = rulesOf(BOX);
    const of = (says: string) => rules.filter((rule) => rule.says === says).flatMap((rule) => rule.of);
    expect(of('allow file-write*')).toEqual([
      '(subpath "/Users/ann/work")',
      '(subpath "/Users/ann/data")',
      '(subpath "/private/var/folders/x/cadre-worker-1")',
    ]);
    expect(of('allow process-exec')).toEqual([
      '(literal "/usr/bin/git")',
      '(subpath "/usr/libexec/git-core")',
    ]);
    const read = of('allow file-read* file-map-executable');
    expect(read).toContain('(subpath "/opt/node")');
    expect(read.filter((one) => one.includes('/Users'))).toEqual([
      '(subpath "/Users/ann/work/.git/hooks")',
      '(subpath "/Users/ann/work")',
      '(subpath "/Users/ann/data")',
    ]);
    expect(of('allow file-read-metadata')).toContain('(literal "/Users/ann")');
    expect(of('allow file-read-metadata')).not.toContain('(subpath "/Users/ann")');
  });

  test('[WRK-19] what can be read inside of what can be written is not written, and what is hidden is neither', () => {
    const hooks = '(subpath "/Users/ann/work/.git/hooks")';
    const env = '(subpath "/Users/ann/work/.env")';
    const allowed = indexOf('allow file-write*', '(subpath "/Users/ann/work")');
    const denied = indexOf('deny file-write*', hooks);
    const hidden = indexOf('deny file-read* file-write* file-map-executable process-exec', env);
    expect(allowed).toBeGreaterThan(0);
    expect(denied).toBeGreaterThan(allowed);
    expect(hidden).toBeGreaterThan(denied);
    const later = rulesOf(BOX).slice(hidden + 1);
    expect(
      later.filter(({ says, of }) => says.startsWith('allow file') && !of.join().includes('proxy.sock')),
    ).toEqual([]);
  });

  test('[WRK-19] a folder around what is kept or hidden cannot be moved away', () => {
    const [unlink] = rulesOf(BOX).filter(({ says }) => says === 'deny file-write-unlink');
    expect(unlink?.of).toEqual(['(literal "/Users/ann/work/.git")']);
  });

  test('the deeper one decides, and of the same path what is writable stays writable', () => {
    const box = {
      ...BOX,
      readable: ['/w', '/w/kept', '/w/same'],
      writable: ['/w', '/w/kept/open', '/w/same'],
      hidden: [],
    };
    const writes = rulesOf(box)
      .filter(({ says }) => says.endsWith('file-write*'))
      .flatMap(({ says, of }) => of.map((one) => `${says.split(' ')[0]} ${one}`));
    expect(writes).toEqual([
      'allow (subpath "/w")',
      'deny (subpath "/w/kept")',
      'allow (subpath "/w/same")',
      'allow (subpath "/w/kept/open")',
      'allow (subpath "/private/var/folders/x/cadre-worker-1")',
    ]);
  });

  test('where nothing is granted there is no rule that would grant everything', () => {
    const nothing = { readable: [], writable: [], hidden: [], programs: [], helpers: [] };
    const profile = seatbeltProfile({ ...nothing, temporary: '/private/tmp/own', cwd: '/' });
    expect(profile).not.toMatch(/\((allow|deny) (file|process-exec)[^(\n]*\)/);
    expect(profile).not.toContain('process-exec');
    expect(isWhole(profile)).toBe(true);
  });

  const INJECTIONS = [
    '/w/")) (allow default) (deny file-read* (subpath "/x',
    '/w/\\")) (allow default) ("',
    '/w/\\\\")) (allow default) ("',
    '/w/\\',
    '/w/; (allow default)',
    '/w/(allow default)',
    '/w/#"regex',
    '/w/ключ "\' 😀',
  ];
  const places = ['readable', 'writable', 'hidden', 'programs', 'helpers', 'temporary', 'cwd', 'proxySocket'];
  test.each(INJECTIONS)('[WRK-19] no path gets out of its quotes: %s', (path) => {
    const plain = rulesOf({ ...BOX, ...everywhere('/w/plain') });
    for (const place of places) {
      const box = { ...BOX, [place]: Array.isArray(BOX[place as keyof SeatbeltBox]) ? [path] : path };
      expect(isWhole(seatbeltProfile(box)), place).toBe(true);
    }
    const rules = rulesOf({ ...BOX, ...everywhere(path) });
    expect(rules.map(({ says }) => says)).toEqual(plain.map(({ says }) => says));
  });

  function everywhere(path: string): Partial<SeatbeltBox> {
    const each = places.map((place) => [
      place,
      Array.isArray(BOX[place as keyof SeatbeltBox]) ? [path] : path,
    ]);
    return Object.fromEntries(each);
  }

  test.each([
    '/w/line\n(allow default)',
    '/w/nul\0',
    '/w/\u0085',
    '/w/\u007f',
  ])('[WRK-19] a path with a control character is refused: %j', (path) => {
    expect(() => seatbeltProfile({ ...BOX, readable: [path] })).toThrow('control character');
    expect(() => seatbeltProfile({ ...BOX, hidden: [path] })).toThrow('control character');
  });

  test('is, as a whole', () => {
    expect(seatbeltProfile(BOX)).toMatchSnapshot();
  });
});
