import { compareVersions } from '../version-order.ts';
import { type LockedPackage, type LockParser, locked } from './locked-package.ts';

const MODULE = /^"?([^\s"]+\.[^\s"]+)"?\s+v(\d\S*)/;
const REPLACE = /^"?([^\s"]+)"?(?:\s+v\S+)?\s+=>\s+"?([^\s"]+)"?(?:\s+v(\d\S*))?/;

/** go.mod: the versions that are used, after `replace`. Folders that replace a module are not looked up. */
export const parseGoMod: LockParser = (content) => {
  if (!/^module\s+\S/m.test(content)) throw new Error('the line module is missing');
  const required = directives(content, 'require').flatMap((line) => {
    const [anchor, name, version] = MODULE.exec(line) ?? [];
    if (name === undefined || version === undefined || anchor === undefined) return [];
    return [{ ecosystem: 'Go' as const, name, version, direct: !/\/\/\s*indirect\b/.test(line), anchor }];
  });
  const replaced = new Map(
    directives(content, 'replace').map((line) => {
      const [, from = '', to = '', version] = REPLACE.exec(line) ?? [];
      return [from, { to, version }] as const;
    }),
  );
  return locked(
    required.flatMap((one) => {
      const other = replaced.get(one.name);
      if (other === undefined) return [one];
      return other.version === undefined ? [] : [{ ...one, name: other.to, version: other.version }];
    }),
  );
};

/** go.sum: of each module whose code was downloaded the highest version, which is the one that Go selects. */
export const parseGoSum: LockParser = (content) => {
  const highest = new Map<string, LockedPackage>();
  for (const line of content.split(/\r?\n/).filter((one) => one.trim() !== '')) {
    const [anchor, name, version] = /^(\S+) v(\S+) h1:\S+$/.exec(line) ?? [];
    if (name === undefined || version === undefined || anchor === undefined)
      throw new Error(`not a line of go.sum: ${line.slice(0, 60)}`);
    const known = highest.get(name);
    const isHigher = known === undefined || (compareVersions('Go', version, known.version) ?? 0) > 0;
    if (!version.endsWith('/go.mod') && isHigher)
      highest.set(name, { ecosystem: 'Go', name, version, anchor });
  }
  return locked([...highest.values()]);
};

/** Since Go 1.17 go.mod names every module that takes part; before, only go.sum has the indirect ones. */
export function isComplete(goMod: string): boolean {
  const [, major, minor] = /^go\s+(\d+)\.(\d+)/m.exec(goMod) ?? [];
  return Number(major) > 1 || Number(minor) >= 17;
}

/** The lines of `require x v1` and of `require ( … )`. */
function directives(content: string, keyword: string): string[] {
  const single = content.matchAll(new RegExp(`^${keyword}[ \\t]+([^(\\s][^\\n]*)$`, 'gm'));
  const blocks = content.matchAll(new RegExp(`^${keyword}[ \\t]*\\(([^)]*)\\)`, 'gm'));
  return [
    ...single,
    ...[...blocks].flatMap(([, body = '']) => body.split('\n').map((line) => ['', line] as const)),
  ].map(([, line = '']) => line.trim());
}
