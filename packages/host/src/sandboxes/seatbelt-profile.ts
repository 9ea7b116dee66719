import { CadreError } from '@cadre/core';

/** Everything that decides what a confined program may do on macOS. Paths are absolute and real. */
export interface SeatbeltBox {
  /** Read-only: language tools, Node, the worker's package, what is granted. */
  readonly readable: readonly string[];
  readonly writable: readonly string[];
  readonly hidden: readonly string[];
  /** The programs that may be started, each by its path. */
  readonly programs: readonly string[];
  /** Folders with programs that those start themselves. */
  readonly helpers: readonly string[];
  /** Home and folder for temporary files, of this program alone. */
  readonly temporary: string;
  readonly cwd: string;
  readonly proxySocket?: string;
}

/** What every program needs of macOS: libraries, and data that is the same on every machine. */
const SYSTEM_FOLDERS = [
  '/System/Library',
  '/System/Cryptexes',
  '/System/Volumes/Preboot/Cryptexes',
  '/Library/Apple',
  '/Library/Developer/CommandLineTools',
  '/opt/homebrew',
  '/usr/lib',
  '/usr/libexec',
  '/usr/local',
  '/usr/share',
  '/private/etc/ssl',
  '/private/var/db/dyld',
  '/private/var/db/timezone',
  '/private/var/select',
];

const SYSTEM_FILES = ['/', '/dev/null', '/dev/zero', '/dev/random', '/dev/urandom', '/private/etc/localtime'];

/** Facts on machine and system. No prefixes: one of them has the list of processes. */
const FACTS = [
  ...['hw.activecpu', 'hw.byteorder', 'hw.cachelinesize', 'hw.cpufamily', 'hw.cputype', 'hw.cpusubtype'],
  ...['hw.logicalcpu', 'hw.logicalcpu_max', 'hw.machine', 'hw.memsize', 'hw.model', 'hw.ncpu', 'hw.pagesize'],
  ...['hw.pagesize_compat', 'hw.physicalcpu', 'hw.physicalcpu_max', 'hw.cpufrequency', 'hw.tbfrequency'],
  ...['kern.argmax', 'kern.boottime', 'kern.hostname', 'kern.maxfilesperproc', 'kern.osproductversion'],
  ...['kern.osrelease', 'kern.ostype', 'kern.osversion', 'kern.usrstack64', 'kern.version', 'vm.loadavg'],
  ...['machdep.cpu.brand_string', 'sysctl.proc_cputype', 'sysctl.proc_translated'],
];

/** Names of users and groups. No other service of the system can be spoken to: some of them do things in one's name. */
const SERVICES = ['com.apple.system.opendirectoryd.libinfo', 'com.apple.system.opendirectoryd.membership'];

/**
 * The profile of Seatbelt, macOS's own sandbox, in its language. Pure. Of the rules that fit the last one counts.
 *
 * Invariants
 * 1. What no rule allows is refused.
 * 2. A path is a text between quotes whatever it holds, and none that could end a line is taken.
 * 3. What can be read inside something that can be written is not written, however deep; what is hidden is neither, and that is the
 *    last rule of all on files. Nor can a folder around either be moved away.
 * 4. The only way out is the socket of the proxy.
 */
export function seatbeltProfile(box: SeatbeltBox): string {
  const { readable, writable, hidden, programs, helpers, temporary, cwd, proxySocket } = box;
  const written = [...writable, temporary];
  const shown = [...readable, ...written];
  const kept = readable.filter((path) => written.some((folder) => isInside(path, folder)));
  return [
    '(version 1)',
    '(deny default)',
    '(allow process-fork)',
    '(allow signal (target same-sandbox))',
    '(allow process-info* (target same-sandbox))',
    rule(
      'allow sysctl-read',
      FACTS.map((name) => `(sysctl-name ${quoted(name)})`),
    ),
    rule(
      'allow mach-lookup',
      SERVICES.map((name) => `(global-name ${quoted(name)})`),
    ),
    rule('allow file-read* file-map-executable', [
      ...SYSTEM_FOLDERS.map(subpath),
      ...[...SYSTEM_FILES, ...programs].map(literal),
      ...[...shown, ...helpers].map(subpath),
    ]),
    // Whoever asks where a folder really is looks at each around it: that it is there, and not what is in it.
    rule('allow file-read-metadata', ancestorsOf([...shown, ...hidden, ...programs, cwd]).map(literal)),
    rule('allow file-write-data', [literal('/dev/null')]),
    rule('allow process-exec', [...programs.map(literal), ...helpers.map(subpath)]),
    ...writeRules(written, kept),
    rule('deny file-read* file-write* file-map-executable process-exec', hidden.map(subpath)),
    rule(
      'deny file-write-unlink',
      ancestorsOf([...kept, ...hidden])
        .filter((path) => written.some((folder) => isInside(path, folder)))
        .map(literal),
    ),
    ...(proxySocket === undefined
      ? []
      : [
          rule('allow network-outbound', [`(remote unix-socket (path-literal ${quoted(proxySocket)}))`]),
          rule('allow file-read* file-write-data', [literal(proxySocket)]),
        ]),
    '',
  ]
    .filter((line, index, lines) => line !== '' || index === lines.length - 1)
    .join('\n');
}

/** The deeper one decides; of the same path what is writable stays writable. */
function writeRules(written: readonly string[], kept: readonly string[]): readonly string[] {
  return [
    ...kept.filter((path) => !written.includes(path)).map((path) => ({ path, verb: 'deny' })),
    ...written.map((path) => ({ path, verb: 'allow' })),
  ]
    .toSorted((a, b) => depth(a.path) - depth(b.path))
    .map(({ path, verb }) => rule(`${verb} file-write*`, [subpath(path)]));
}

/** Empty: it would be a rule for everything. */
function rule(what: string, filters: readonly string[]): string {
  const each = [...new Set(filters)];
  return each.length === 0 ? '' : `(${what}\n  ${each.join('\n  ')})`;
}

const literal = (path: string) => `(literal ${quoted(path)})`;
const subpath = (path: string) => `(subpath ${quoted(path)})`;

/** Invariant 2. */
function quoted(text: string): string {
  if (/\p{Cc}/u.test(text)) {
    throw new CadreError('no_sandbox', `a path holds a control character: ${JSON.stringify(text)}`, {
      hint: 'give the file or folder another name',
    });
  }
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

function ancestorsOf(paths: readonly string[]): readonly string[] {
  const found = paths.flatMap((path) => {
    const parts = path.split('/').slice(1);
    return parts.map((_, index) => `/${parts.slice(0, index).join('/')}`);
  });
  return [...new Set(found)].sort();
}

function isInside(path: string, folder: string): boolean {
  return path.startsWith(folder === '/' ? '/' : `${folder}/`);
}

function depth(path: string): number {
  return path.split('/').length;
}
