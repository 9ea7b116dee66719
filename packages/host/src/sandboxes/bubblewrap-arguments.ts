import type { SystemLayout } from './system-layout.ts';

/** Everything that decides how the box looks. Paths are absolute; granted ones are real. */
export interface Box {
  readonly system: SystemLayout;
  /** Read-only and possibly absent: language tools, Node, the worker's package. */
  readonly installed: readonly string[];
  readonly readable: readonly string[];
  readonly writable: readonly string[];
  readonly hiddenFiles: readonly string[];
  readonly hiddenFolders: readonly string[];
  readonly proxySocket?: string;
  readonly temporaryBytes: number;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Number of the descriptor with the filter of system calls. */
  readonly filterDescriptor?: number;
  /** Numbers of the descriptors with the contents of `system.files`, from this one on. */
  readonly fileDescriptors: number;
}

/** Where a confined program finds its own short-lived home and the way out. */
export const HOME_INSIDE = '/tmp/home';
export const PROXY_INSIDE = '/run/cadre/proxy.sock';

/**
 * The arguments of bubblewrap for a box, without the command. Pure.
 * Invariants:
 * 1. Nothing of the machine is to be seen that is not named here.
 * 2. All is read-only but `writable` and memory-backed folders of bounded size.
 * 3. A mount of a deeper path comes after that of the path around it, so that the deeper one decides.
 * 4. The program gets exactly `env`; it has no network, no capabilities, and ends with its starter.
 */
export function bubblewrapArguments(box: Box): readonly string[] {
  return [
    ...system(box),
    ...proc(box.system.proc),
    ...['--dev', '/dev', ...memory('/dev/shm', box.temporaryBytes, '1777'), '--remount-ro', '/dev'],
    ...[...memory('/tmp', box.temporaryBytes, '1777'), '--perms', '0700', '--dir', HOME_INSIDE],
    ...granted(box),
    ...(box.proxySocket === undefined ? [] : ['--ro-bind', box.proxySocket, PROXY_INSIDE]),
    // Where nothing of the workspace is granted the folder to start in is there, and empty.
    ...['--dir', box.cwd, '--remount-ro', '/'],
    // The user namespace is asked for by name too, since `--unshare-all` only tries it.
    ...[
      '--unshare-all',
      '--unshare-user',
      '--disable-userns',
      '--cap-drop',
      'ALL',
      '--die-with-parent',
      '--new-session',
    ],
    ...['--chdir', box.cwd, '--clearenv'],
    ...Object.entries(box.env).flatMap(([name, value]) => ['--setenv', name, value]),
    ...(box.filterDescriptor === undefined ? [] : ['--seccomp', String(box.filterDescriptor)]),
  ];
}

function system({ system: { folders, links, files }, fileDescriptors }: Box): readonly string[] {
  return [
    ...folders.flatMap((path) => ['--ro-bind', path, path]),
    ...links.flatMap(([path, target]) => ['--symlink', target, path]),
    ...files.flatMap(([path], index) => ['--perms', '0644', '--file', String(fileDescriptors + index), path]),
  ];
}

function proc({ fixed, maskedFiles, maskedFolders }: SystemLayout['proc']): readonly string[] {
  return [
    ...['--proc', '/proc'],
    ...fixed.flatMap((path) => ['--ro-bind', path, path]),
    ...maskedFiles.flatMap((path) => ['--ro-bind', '/dev/null', path]),
    ...maskedFolders.flatMap((path) => ['--tmpfs', path, '--remount-ro', path]),
  ];
}

function memory(path: string, bytes: number, mode: string): readonly string[] {
  return ['--perms', mode, '--size', String(bytes), '--tmpfs', path];
}

function granted(box: Box): readonly string[] {
  // Of several mounts of one path the last wins: what is hidden stays hidden, what is writable stays writable.
  const mounts = [
    ...box.installed.map((path) => ({ path, arguments: ['--ro-bind-try', path, path] })),
    ...box.readable.map((path) => ({ path, arguments: ['--ro-bind-try', path, path] })),
    ...box.writable.map((path) => ({ path, arguments: ['--bind-try', path, path] })),
    ...box.hiddenFiles.map((path) => ({ path, arguments: ['--ro-bind', '/dev/null', path] })),
    ...box.hiddenFolders.map((path) => ({ path, arguments: ['--perms', '0755', '--tmpfs', path] })),
  ].filter(({ path }) => path !== '/');
  const depth = (path: string) => path.split('/').length;
  return [
    ...mounts.toSorted((a, b) => depth(a.path) - depth(b.path)).flatMap((mount) => mount.arguments),
    ...box.hiddenFolders.flatMap((path) => ['--remount-ro', path]),
  ];
}
