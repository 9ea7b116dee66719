import type { UseLimits } from '../../ports/sandbox.ts';
import type { BoxView } from '../describe-box.ts';
import { HOME_INSIDE, PROXY_INSIDE } from '../inside.ts';
import type { Engine } from './engine.ts';
import { ENVIRONMENT_INSIDE, FIRST_PROCESS } from './first-process.ts';

/** Everything that decides how a container looks. Paths are absolute; granted ones are real. */
export interface Container extends BoxView {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly kind: Engine['kind'];
  readonly runtime?: string;
  readonly image: string;
  /** Its file system is somebody else's, and is shown as it is. */
  readonly isForeign: boolean;
  /** Folders of this machine that are shown, read-only. */
  readonly system: readonly string[];
  /** Small files of the box, as they lie on this machine: source, and path inside. */
  readonly copies: readonly (readonly [source: string, path: string])[];
  /** Shell text with the environment of the program. */
  readonly environmentFile: string;
  /** A folder with nothing in it, which nobody may write. */
  readonly empty: string;
  readonly pidFile?: string;
  readonly profileFile?: string;
  readonly user: Identity;
  readonly limits: UseLimits & { readonly temporaryBytes: number };
  /** What the engine cannot limit here. */
  readonly unlimited: ReadonlySet<'memory' | 'processes'>;
  /** As many as this person may have in all; processes of the container are counted by its control group. */
  readonly mostProcesses: number;
  readonly cwd: string;
  readonly proxySocket?: string;
  /** Whatever is mounted on this machine, to find what lies within something that is shown. */
  readonly mountPoints: readonly string[];
  readonly hasSelinux: boolean;
}

/** `isMapped`: the engine gives this person the same number inside, in a namespace of its own. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
  readonly isMapped: boolean;
}

/**
 * The arguments of `podman run` or `docker run` for a container with the program, without what stands before `run`. Pure.
 * Invariants:
 * 1. Nothing of the machine is to be seen that is not named here, and nothing of the environment of whoever starts it.
 * 2. All is read-only but `writable` and memory-backed folders of bounded size; what is mounted inside of something read-only as well.
 * 3. It has no network, no capability and no way to get one, and nothing is fetched for it.
 */
export function containerArguments(container: Container, command: readonly string[]): readonly string[] {
  const { name, kind, image, user, limits, unlimited, cwd } = container;
  const memory = `${limits.memoryBytes}b`;
  const labels = Object.entries(container.labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]);
  return [
    ...['run', '--rm', '--interactive', '--name', name, ...labels, '--pull', 'never', '--log-driver', 'none'],
    ...(container.runtime === undefined ? [] : ['--runtime', container.runtime]),
    ...['--network', 'none', '--read-only', '--cap-drop', 'all', '--security-opt', 'no-new-privileges'],
    ...(container.profileFile === undefined ? [] : ['--security-opt', `seccomp=${container.profileFile}`]),
    // Else nothing that is shown could be read; to give files of people other labels is worse.
    ...(container.hasSelinux ? ['--security-opt', 'label=disable'] : []),
    ...['--ipc', 'private', '--cgroupns', 'private', '--hostname', 'cadre', '--no-healthcheck'],
    ...(user.isMapped ? ['--userns', 'keep-id'] : []),
    ...['--user', `${user.uid}:${user.gid}`],
    ...(unlimited.has('processes') ? [] : ['--pids-limit', String(limits.processes)]),
    ...(unlimited.has('memory') ? [] : ['--memory', memory, '--memory-swap', memory]),
    ...ulimit('nofile', limits.openFiles),
    ...ulimit('nproc', container.mostProcesses),
    ...ulimit('core', 0),
    ...['--shm-size', `${limits.temporaryBytes}b`, ...memoryFolder('/tmp', limits.temporaryBytes)],
    ...memoryFolder(HOME_INSIDE, limits.temporaryBytes),
    ...(kind === 'podman' ? podmanOnly(container) : dockerOnly()),
    ...mounts(container),
    ...['--workdir', cwd, '--entrypoint', '/bin/sh', image, '-c', FIRST_PROCESS, 'sh', ...command],
  ];
}

function ulimit(name: string, most: number): readonly string[] {
  return ['--ulimit', `${name}=${most}:${most}`];
}

function memoryFolder(path: string, bytes: number): readonly string[] {
  return ['--tmpfs', `${path}:rw,exec,nosuid,nodev,mode=1777,size=${bytes}`];
}

function podmanOnly({ pidFile, isForeign }: Container): readonly string[] {
  return [
    ...[
      '--read-only-tmpfs=false',
      '--http-proxy=false',
      '--systemd=false',
      '--sdnotify=ignore',
      '--no-hosts',
    ],
    ...['--passwd=false', '--image-volume', 'ignore', ...(isForeign ? [] : ['--unsetenv-all'])],
    ...(pidFile === undefined ? [] : ['--pidfile', pidFile]),
  ];
}

const PROXY_VARIABLES = ['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'NO_PROXY', 'ALL_PROXY'];

/** It would put the proxies of a person's settings, which may hold passwords, into every environment that has none. */
function dockerOnly(): readonly string[] {
  return PROXY_VARIABLES.flatMap((name) => [name, name.toLowerCase()]).flatMap((name) => [
    '--env',
    `${name}=`,
  ]);
}

interface Mount {
  readonly source: string;
  readonly isReadOnly: boolean;
}

function mounts(container: Container): readonly string[] {
  const { empty, cwd, proxySocket } = container;
  const readOnly = (source: string): Mount => ({ source, isReadOnly: true });
  // One for each path: of several the last wins. What is hidden stays hidden, what is writable stays writable.
  const shown = new Map<string, Mount>([
    ...container.system.map((path) => [path, readOnly(path)] as const),
    ...container.copies.map(([source, path]) => [path, readOnly(source)] as const),
    ...[...container.installed, ...container.readable].map((path) => [path, readOnly(path)] as const),
    ...[...container.writable, ...container.pinned].map(
      (path) => [path, { source: path, isReadOnly: false }] as const,
    ),
    ...container.hiddenFiles.map((path) => [path, readOnly('/dev/null')] as const),
    ...[...container.hiddenFolders, ...container.barred].map((path) => [path, readOnly(empty)] as const),
    [ENVIRONMENT_INSIDE, readOnly(container.environmentFile)],
    ...(proxySocket === undefined ? [] : ([[PROXY_INSIDE, readOnly(proxySocket)]] as const)),
  ]);
  for (const [path, mount] of within(container.mountPoints, shown)) shown.set(path, mount);
  const paths = [...shown.keys()];
  // Where nothing of the workspace is granted the folder to start in is there, and empty; on the way to another one it is made anyway.
  const isThere =
    ['/tmp', HOME_INSIDE].includes(cwd) || paths.some((path) => isWithin(cwd, path) || isWithin(path, cwd));
  if (!isThere) shown.set(cwd, readOnly(empty));
  return [...shown].flatMap(([path, mount]) => {
    // In an empty folder there is nothing to mount on.
    const holdsOthers =
      mount.source === empty && paths.some((other) => other !== path && isWithin(other, path));
    return [
      '--mount',
      holdsOthers ? emptyMount(path, container.kind) : mountText(path, mount, container.mountPoints),
    ];
  });
}

/** A folder in memory in which an engine makes what it needs, before nobody may write it. */
function emptyMount(path: string, kind: Engine['kind']): string {
  const options = ['type=tmpfs', `dst=${path}`, 'ro', 'tmpfs-mode=0755', 'tmpfs-size=65536'];
  // Podman would copy into it what is hidden by it.
  return [...options, ...(kind === 'podman' ? ['notmpcopyup'] : [])].map(quoted).join(',');
}

/** What is mounted inside of something that is shown read-only would keep its own rights: each is mounted by itself. */
function within(
  mountPoints: readonly string[],
  shown: ReadonlyMap<string, Mount>,
): readonly [string, Mount][] {
  const paths = [...shown.keys()];
  return mountPoints
    .filter((point) => !shown.has(point))
    .flatMap((point): [string, Mount][] => {
      const around = deepest(paths.filter((path) => isWithin(point, path)));
      const mount = around === undefined ? undefined : shown.get(around);
      return mount?.isReadOnly === true && mount.source === around
        ? [[point, { source: point, isReadOnly: true }]]
        : [];
    });
}

function mountText(path: string, { source, isReadOnly }: Mount, mountPoints: readonly string[]): string {
  const holdsOthers = isReadOnly && mountPoints.some((point) => point !== source && isWithin(point, source));
  return [
    'type=bind',
    `src=${source}`,
    `dst=${path}`,
    ...(isReadOnly ? ['ro'] : []),
    ...(holdsOthers ? ['bind-nonrecursive'] : []),
  ]
    .map(quoted)
    .join(',');
}

/** A field of comma-separated values (RFC 4180), which is how both engines read a mount. */
function quoted(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function deepest(paths: readonly string[]): string | undefined {
  return paths.toSorted((a, b) => b.length - a.length)[0];
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
