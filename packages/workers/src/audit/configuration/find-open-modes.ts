import type { ListedEntry } from '../../tree/list-files.ts';
import type { Rule } from '../rule.ts';

const OTHERS_MAY_WRITE = 0o002;
const OTHERS_MAY_READ = 0o044;
const KEY_NAMES =
  /(?:^|\/)(?:id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?|[^/]+\.(?:key|p12|pfx|jks|keystore|kdbx|ppk)|\.netrc|\.pgpass|\.htpasswd)$/i;

/** From this share on the modes come from a file system without them and say nothing about a single file. */
const ALL_OPEN = 0.5;

const configuration = (given: Omit<Rule, 'kind' | 'confidence' | 'keywords'>): Rule => ({
  kind: 'configuration',
  confidence: 'high',
  keywords: [],
  ...given,
});

export const WORLD_WRITABLE = configuration({
  id: 'file-world-writable',
  title: 'Everybody on the machine may change the file',
  severity: 'medium',
  cwe: 732,
  fix: 'chmod o-w',
});

export const READABLE_KEY = configuration({
  id: 'file-readable-key',
  title: 'Other people on the machine may read the key',
  severity: 'medium',
  cwe: 732,
  fix: 'chmod 600',
});

export interface OpenMode {
  readonly rule: Rule;
  /** `.` when it holds for most files. */
  readonly path: string;
  readonly message: string;
}

/** Files whose permission bits are too wide. Windows has no such bits. */
export function findOpenModes(
  entries: readonly ListedEntry[],
  platform = process.platform,
): readonly OpenMode[] {
  if (platform === 'win32') return [];
  const files = entries.filter(({ kind }) => kind === 'file');
  const writable = files.filter(({ mode }) => (mode & OTHERS_MAY_WRITE) !== 0);
  const keys = files.filter(({ path, mode }) => KEY_NAMES.test(path) && (mode & OTHERS_MAY_READ) !== 0);
  return [
    ...writableModes(writable, files.length),
    ...keys.map(({ path, mode }) => ({
      rule: READABLE_KEY,
      path,
      message: `others may read this key file (mode ${octal(mode)})`,
    })),
  ];
}

function writableModes(writable: readonly ListedEntry[], all: number): OpenMode[] {
  if (writable.length > 1 && writable.length > all * ALL_OPEN) {
    const message = `everybody may change ${writable.length} of ${all} files; the file system may have no modes`;
    return [{ rule: WORLD_WRITABLE, path: '.', message }];
  }
  return writable.map(({ path, mode }) => ({
    rule: WORLD_WRITABLE,
    path,
    message: `everybody may change this file (mode ${octal(mode)})`,
  }));
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
