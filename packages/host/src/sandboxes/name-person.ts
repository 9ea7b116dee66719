import type { BoxFile } from './system-layout.ts';

const PASSWD = '/etc/passwd';

/**
 * The files of a box with a name for whom its programs run as. People of a directory service stand in no file, and ssh
 * refuses to work for somebody without a name.
 */
export function namePerson(
  files: readonly BoxFile[],
  { uid, gid }: { readonly uid: number; readonly gid: number },
  home: string,
): readonly BoxFile[] {
  const known = Buffer.from(files.find(([path]) => path === PASSWD)?.[1] ?? []).toString();
  if (known.split('\n').some((line) => line.split(':')[2] === String(uid))) return files;
  const before = known === '' || known.endsWith('\n') ? known : `${known}\n`;
  const line = `person:x:${uid}:${gid}::${home}:/bin/sh\n`;
  return [...files.filter(([path]) => path !== PASSWD), [PASSWD, Buffer.from(before + line)]];
}
