import { HOME_INSIDE, PROXY_INSIDE } from './inside.ts';
import type { BoxFile, SystemLayout } from './system-layout.ts';

/** Everything that decides how the box looks. Paths are absolute; granted ones are real. */
export interface Box {
  readonly system: SystemLayout;
  /** Read-only and possibly absent: language tools, Node, the worker's package. */
  readonly installed: readonly string[];
  readonly readable: readonly string[];
  readonly writable: readonly string[];
  /** Folders in it that are to stay where they are, since something in them is guarded. */
  readonly pinned: readonly string[];
  readonly hiddenFiles: readonly string[];
  readonly hiddenFolders: readonly string[];
  /** Nothing is there and nothing may be made there: an empty folder that cannot be written stands in its place. */
  readonly barred: readonly string[];
  /** Where what is shown at a path lies; absent: there. */
  readonly sourceOf?: (path: string) => string;
  readonly proxySocket?: string;
  readonly temporaryBytes: number;
  /**
   * Root makes the box and becomes somebody else inside, before the program starts: then there is no user namespace, in
   * which that person would not exist, and the two capabilities that it takes are left until it is done.
   */
  readonly becomesOther: boolean;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Number of the descriptor with the filter of system calls. */
  readonly filterDescriptor?: number;
  /** Small files, copied into the box from the descriptors with these numbers on. */
  readonly files: readonly BoxFile[];
  readonly fileDescriptors: number;
}

/**
 * The arguments of bubblewrap for a box, without the command. Pure.
 * Invariants:
 * 1. Nothing of the machine is to be seen that is not named here.
 * 2. All is read-only but `writable` and memory-backed folders of bounded size.
 * 3. A mount of a deeper path comes after that of the path around it, so that the deeper one decides.
 * 4. What is guarded inside of `writable` cannot be moved away, nor can a folder around it.
 * 5. What is started gets exactly `env`; it has no network, and ends with its starter.
 */
export function bubblewrapArguments(box: Box): readonly string[] {
  return [
    ...system(box),
    ...proc(box.system.proc),
    ...['--dev', '/dev', ...memory('/dev/shm', box.temporaryBytes, '1777'), '--remount-ro', '/dev'],
    ...[...memory('/tmp', box.temporaryBytes, '1777'), '--perms', '0777', '--dir', HOME_INSIDE],
    ...files(box),
    ...granted(box),
    ...(box.proxySocket === undefined ? [] : ['--ro-bind', box.proxySocket, PROXY_INSIDE]),
    // Where nothing of the workspace is granted the folder to start in is there, and empty.
    ...['--dir', box.cwd, '--remount-ro', '/'],
    // Each by its name: `--unshare-all` would try a user namespace, whether it is wanted or not.
    ...['--unshare-ipc', '--unshare-pid', '--unshare-net', '--unshare-uts', '--unshare-cgroup-try'],
    ...['--cap-drop', 'ALL', '--die-with-parent', '--new-session'],
    ...(box.becomesOther
      ? ['--cap-add', 'CAP_SETUID', '--cap-add', 'CAP_SETGID']
      : ['--unshare-user', '--disable-userns']),
    ...['--chdir', box.cwd, '--clearenv'],
    ...Object.entries(box.env).flatMap(([name, value]) => ['--setenv', name, value]),
    ...(box.filterDescriptor === undefined ? [] : ['--seccomp', String(box.filterDescriptor)]),
  ];
}

function system({ system: { folders, links }, files: copied }: Box): readonly string[] {
  return [
    ...parents([...folders, ...copied.map(([path]) => path)])
      .filter((folder) => !folders.some((shown) => isWithin(folder, shown)))
      .flatMap((folder) => folderMount(folder).arguments),
    ...folders.flatMap((path) => ['--ro-bind', path, path]),
    ...links.flatMap(([path, target]) => ['--symlink', target, path]),
  ];
}

/** After the memory-backed folders, since some of them lie in the home inside. */
function files({ files: copied, fileDescriptors }: Box): readonly string[] {
  return copied.flatMap(([path], index) => [
    '--perms',
    '0644',
    '--file',
    String(fileDescriptors + index),
    path,
  ]);
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

interface Mount {
  readonly path: string;
  readonly arguments: readonly string[];
}

function granted(box: Box): readonly string[] {
  const { sourceOf = (path: string) => path } = box;
  // Of several mounts of one path the last wins: what is hidden stays hidden, what is writable stays writable.
  const shown = [
    ...[...box.installed, ...box.readable].map((path) => ({
      path,
      arguments: ['--ro-bind-try', sourceOf(path), path],
    })),
    ...[...box.writable, ...box.pinned].map((path) => ({
      path,
      arguments: ['--bind-try', sourceOf(path), path],
    })),
  ].filter(({ path }) => path !== '/');
  const hidden = [
    ...box.hiddenFiles.map((path) => ({ path, arguments: ['--ro-bind', '/dev/null', path] })),
    ...[...box.hiddenFolders, ...box.barred].map((path) => ({
      path,
      arguments: ['--perms', '0755', '--tmpfs', path],
    })),
  ];
  const paths = [...shown, ...hidden].map(({ path }) => path);
  const made = parents([...paths, box.cwd]).filter((folder) => !isShown(folder, shown, box.hiddenFolders));
  const mounts: readonly Mount[] = [...made.map(folderMount), ...shown, ...hidden];
  return [
    ...mounts.toSorted((a, b) => depth(a.path) - depth(b.path)).flatMap((mount) => mount.arguments),
    ...[...box.hiddenFolders, ...box.barred].flatMap((path) => ['--remount-ro', path]),
  ];
}

/** Inside something that is shown a folder is there as it is; inside something hidden only what is made. */
function isShown(folder: string, shown: readonly Mount[], hidden: readonly string[]): boolean {
  const around = (paths: readonly string[]) =>
    Math.max(0, ...paths.filter((path) => isWithin(folder, path)).map(depth));
  return around(shown.map(({ path }) => path)) > around(hidden);
}

/** Bubblewrap itself would make folders on the way for its own user alone. */
function folderMount(path: string): Mount {
  return { path, arguments: ['--perms', '0755', '--dir', path] };
}

function parents(paths: readonly string[]): readonly string[] {
  const found = paths.flatMap((path) => {
    const parts = path.split('/').slice(1, -1);
    return parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`);
  });
  return [...new Set(found)].filter((folder) => folder !== '/tmp').sort();
}

function depth(path: string): number {
  return path.split('/').length;
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
