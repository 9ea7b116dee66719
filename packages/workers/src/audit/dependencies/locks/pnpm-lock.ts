import { type LockedPackage, type LockParser, locked } from './locked-package.ts';

/** `lodash@4.17.20(peer@1)`, with or without a slash before it: versions 6 to 9. */
const WITH_AT = /^\/?(@?[^@\s/]+(?:\/[^@\s/]+)?)@(\d[^(\s_]*)/;
/** `/lodash/4.17.20_peer@1`: version 5. */
const WITH_SLASH = /^\/(@[^/\s]+\/[^/\s]+|[^/@\s]+)\/(\d[^_\s/]*)/;

/**
 * pnpm-lock.yaml, versions 5 to 9. Read by lines, because pnpm writes one package a line and a general reader of
 * YAML takes ten seconds for the lock file of a large repository.
 */
export const parsePnpmLock: LockParser = (content) => {
  const version = /^lockfileVersion:\s*['"]?(\d+)/m.exec(content)?.[1];
  if (version === undefined) throw new Error('lockfileVersion is missing');
  const pattern = Number(version) < 6 ? WITH_SLASH : WITH_AT;
  return locked(packageKeys(content).flatMap((key) => packageOf(key, pattern)));
};

function packageKeys(content: string): string[] {
  const lines = content.split(/\r?\n/);
  const start = lines.indexOf('packages:');
  if (start === -1) return [];
  const end = lines.findIndex((line, index) => index > start && /^\S/.test(line));
  return lines
    .slice(start + 1, end === -1 ? undefined : end)
    .filter((line) => /^ {2}\S.*:\s*(?:\{\})?$/.test(line))
    .map((line) => line.trim().replace(/:\s*(?:\{\})?$/, ''));
}

function packageOf(key: string, pattern: RegExp): LockedPackage[] {
  const found = pattern.exec(key.replace(/^(['"])(.*)\1$/, '$2'));
  const [, name, version] = found ?? [];
  if (name === undefined || version === undefined) return [];
  return [{ ecosystem: 'npm', name, version, anchor: `  ${key}:` }];
}
