import { type LockedPackage, type LockParser, locked } from './locked-package.ts';

const HEADER = /^# yarn lockfile v1$|^__metadata:$/m;

/** yarn.lock of version 1 and of later ones ("berry"), which look alike as far as names and versions go. */
export const parseYarnLock: LockParser = (content) => {
  if (!HEADER.test(content.replaceAll('\r', ''))) throw new Error('the header of yarn is missing');
  return locked(blocksOf(content).flatMap(packageOf));
};

interface Block {
  readonly head: string;
  readonly version: string | undefined;
  readonly resolution: string | undefined;
}

function blocksOf(content: string): Block[] {
  return content.split(/\r?\n(?=\S)/).flatMap((text) => {
    const [head = ''] = text.split(/\r?\n/, 1);
    if (head.startsWith('#') || head.startsWith('__metadata') || !head.trimEnd().endsWith(':')) return [];
    const field = (name: string) => new RegExp(`^ {2}"?${name}"?:? "?([^"\\s]+)"?\\s*$`, 'm').exec(text)?.[1];
    return [{ head: head.trimEnd(), version: field('version'), resolution: field('resolution') }];
  });
}

function packageOf({ head, version, resolution }: Block): LockedPackage[] {
  const isOwn = version === undefined || !/^\d/.test(version) || version === '0.0.0-use.local';
  const name = nameOf(resolution ?? head.slice(0, -1).split(',')[0]?.trim().replaceAll('"', '') ?? '');
  if (isOwn || name === undefined) return [];
  return [{ ecosystem: 'npm', name, version, anchor: head }];
}

/** `lodash@^4`, `@a/b@npm:1.2.3`, or `other@npm:lodash@^4` for another name; undefined for the repository's own. */
function nameOf(descriptor: string): string | undefined {
  const [, name, range = ''] = /^(@?[^@]+)@(.*)$/s.exec(descriptor) ?? [];
  if (/^(?:workspace|link|portal|file|git|https?|ssh):/.test(range)) return undefined;
  return /^npm:(@?[^@]+)@/.exec(range)?.[1] ?? name;
}
