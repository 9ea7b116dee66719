import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { contentVersion } from '@cadre/kit/files';
import { describe, expect, test } from 'vitest';
import { emptyFolder } from '../../../test/cli-place.ts';
import { placeChanges } from './place-changes.ts';
import type { Change, Entry } from './remote-protocol.ts';

/** A tree with something beside it that must stay as it is, and contents to place. */
function place() {
  const root = emptyFolder();
  const [top, beside, contents] = ['top', 'beside', 'contents'].map((name) => join(root, name)) as [
    string,
    string,
    string,
  ];
  for (const folder of [top, beside, contents]) mkdirSync(folder);
  writeFileSync(join(beside, 'mine'), 'mine');
  chmodSync(join(beside, 'mine'), 0o600);
  const contentOf = (hash: string) => join(contents, hash);
  const file = (path: string, text: string, mode = 0o644): Entry => {
    const hash = contentVersion(Buffer.from(text));
    writeFileSync(contentOf(hash), text);
    return { kind: 'file', path, size: Buffer.byteLength(text), mode, hash };
  };
  const put = (changes: readonly Change[], held: readonly string[] = []) =>
    placeChanges(changes, { top, contentOf, makesWay: true, isHeld: (path) => held.includes(path) });
  const isUntouched = () => {
    expect(readdirSync(beside)).toEqual(['mine']);
    expect(readFileSync(join(beside, 'mine'), 'utf8')).toBe('mine');
    expect(statSync(join(beside, 'mine')).mode & 0o777).toBe(0o600);
  };
  return { top, beside, file, put, isUntouched };
}

describe('[WRK-21] changes are placed in a tree in which somebody is at work', () => {
  test('a folder on the way that has become a link is not gone through', async () => {
    const { top, beside, file, put, isUntouched } = place();
    symlinkSync(beside, join(top, 'sub'));
    await expect(put([file('/sub/evil', 'evil')])).rejects.toThrow('in no folder');
    await put([{ kind: 'gone', path: '/sub/mine' }]);
    await expect(put([{ kind: 'folder', path: '/sub/more', mode: 0o755 }])).rejects.toThrow();
    isUntouched();
  });

  test('a link in the place of a file is replaced, and not written through', async () => {
    const { top, beside, file, put, isUntouched } = place();
    symlinkSync(join(beside, 'mine'), join(top, 'a'));
    symlinkSync(join(beside, 'mine'), join(top, 'held'));
    await put([file('/a', 'new'), file('/held', 'new', 0o777)], ['/held']);
    expect(readFileSync(join(top, 'a'), 'utf8')).toBe('new');
    expect(lstatSync(join(top, 'held')).isFile()).toBe(true);
    isUntouched();
  });

  test('a link in the place of a folder is replaced by one, and its mode goes to that', async () => {
    const { top, beside, put, isUntouched } = place();
    const before = statSync(beside).mode;
    symlinkSync(beside, join(top, 'sub'));
    await put([{ kind: 'folder', path: '/sub', mode: 0o711 }]);
    expect(lstatSync(join(top, 'sub')).mode & 0o777).toBe(0o711);
    expect(statSync(beside).mode).toBe(before);
    isUntouched();
  });

  test('a file that somebody holds on to is the same file afterwards', async () => {
    const { top, file, put } = place();
    writeFileSync(join(top, 'held'), 'something longer than before');
    const before = statSync(join(top, 'held')).ino;
    await put([file('/held', 'new', 0o600)], ['/held']);
    expect(readFileSync(join(top, 'held'), 'utf8')).toBe('new');
    expect(statSync(join(top, 'held'))).toMatchObject({ ino: before });
  });

  test('what is in a folder that goes and was not told of stays', async () => {
    const { top, put } = place();
    mkdirSync(join(top, 'sub'));
    writeFileSync(join(top, 'sub/told'), 'told');
    writeFileSync(join(top, 'sub/untold'), 'untold');
    await put([
      { kind: 'gone', path: '/sub' },
      { kind: 'gone', path: '/sub/told' },
    ]);
    expect(readdirSync(join(top, 'sub'))).toEqual(['untold']);
  });

  test('in whatever order they are said, a folder is there before what is in it', async () => {
    const { top, file, put } = place();
    await put([
      file('/a/b/c', 'deep'),
      { kind: 'folder', path: '/a/b', mode: 0o750 },
      { kind: 'link', path: '/a/l', to: 'b' },
    ]);
    expect(readFileSync(join(top, 'a/l/c'), 'utf8')).toBe('deep');
    expect(statSync(join(top, 'a/b')).mode & 0o777).toBe(0o750);
    await put([
      { kind: 'gone', path: '/a/b' },
      { kind: 'gone', path: '/a/b/c' },
      { kind: 'gone', path: '/a/l' },
    ]);
    expect(existsSync(join(top, 'a/b'))).toBe(false);
  });
});
