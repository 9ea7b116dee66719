import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';

export type BoxFile = readonly [path: string, content: Uint8Array];

/** What of the machine is shown to every confined program, read-only. */
export interface SystemLayout {
  readonly folders: readonly string[];
  /** `/bin` → `usr/bin` where the system has joined them. */
  readonly links: readonly (readonly [path: string, target: string])[];
  /** Small files, copied: a mount costs some 0.2 ms each time a box is made, a copy nearly nothing. */
  readonly files: readonly BoxFile[];
  readonly proc: {
    /** Shown read-only. */
    readonly fixed: readonly string[];
    readonly maskedFiles: readonly string[];
    readonly maskedFolders: readonly string[];
  };
}

const ROOTS = [
  '/usr',
  '/bin',
  '/sbin',
  '/lib',
  '/lib32',
  '/lib64',
  '/libx32',
  '/opt',
  '/nix',
  '/snap',
  '/gnu/store',
];

/** Of `/etc` nothing with keys or passwords: of `ssl` the certificates, of accounts the names. */
const ETC_FOLDERS = [
  'ssl/certs',
  'pki/tls/certs',
  'pki/ca-trust/extracted',
  'crypto-policies',
  'alternatives',
  'fonts',
];
/** Settings of installed languages, whose folders carry their versions: `java-17-openjdk`. */
const ETC_LANGUAGES = /^(java|maven|gradle|php|ruby)/;
const ETC_FILES = [
  'ld.so.cache',
  'passwd',
  'group',
  'nsswitch.conf',
  'hosts',
  'services',
  'protocols',
  'mime.types',
  'os-release',
  'localtime',
  'timezone',
  'ssl/openssl.cnf',
];

/** What Docker makes read-only and hides, and tables of memory that belong to root alone. */
const PROC_FIXED = ['sys', 'sysrq-trigger', 'irq', 'bus', 'fs'];
const PROC_MASKED = [
  'kcore',
  'keys',
  'kpagecgroup',
  'kpagecount',
  'kpageflags',
  'latency_stats',
  'sched_debug',
  'timer_list',
  'timer_stats',
  'acpi',
  'asound',
  'scsi',
];

/**
 * Looks at this machine, cheaply and at once. Only a box whose program is root on the outside needs the tables of the
 * kernel masked: to anybody else their modes say no.
 */
export function readSystemLayout(forRoot: boolean): SystemLayout {
  const roots = ROOTS.filter(existsSync);
  const isLink = (path: string) => lstatSync(path).isSymbolicLink();
  const isFolder = (path: string) => statSync(path).isDirectory();
  const etc = [...ETC_FOLDERS, ...readdirSync('/etc').filter((name) => ETC_LANGUAGES.test(name))];
  const files = ETC_FILES.map((name) => `/etc/${name}`).filter(existsSync);
  const proc = (names: readonly string[]) => names.map((name) => `/proc/${name}`).filter(existsSync);
  const masked = forRoot ? proc(PROC_MASKED) : [];
  return {
    folders: [
      ...roots.filter((path) => !isLink(path)),
      ...etc.map((name) => `/etc/${name}`).filter(existsSync),
    ],
    links: roots.filter(isLink).map((path) => [path, readlinkSync(path)] as const),
    files: files.map((path) => [path, readFileSync(path)] as const),
    proc: {
      fixed: proc(forRoot ? PROC_FIXED : ['sys']),
      maskedFiles: masked.filter((path) => !isFolder(path)),
      maskedFolders: masked.filter(isFolder),
    },
  };
}
