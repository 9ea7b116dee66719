import { existsSync, statSync } from 'node:fs';
import { rmdir } from 'node:fs/promises';
import { CadreError } from '@cadre/core';
import type { SandboxOptions, UseLimits } from '../ports/sandbox.ts';
import { baseEnvironment } from './base-environment.ts';
import { type BoxLimits, memoryOf, narrowLimits } from './box-limits.ts';
import type { BoxOwner } from './box-owner.ts';
import { type Box, bubblewrapArguments, HOME_INSIDE, PROXY_INSIDE } from './bubblewrap-arguments.ts';
import { type ControlGroup, openControlGroup } from './control-group.ts';
import { createLoadReader } from './load-reader.ts';
import { createMeasure } from './measure.ts';
import { namePerson } from './name-person.ts';
import type { SystemLayout } from './system-layout.ts';
import type { Toolchains } from './toolchains.ts';
import type { WrappedCommand } from './wrapped-command.ts';

/** What was found out about this machine, once. */
export interface Bubblewrap {
  readonly program: string;
  /** Sets bounds on the number of processes of an ordinary person; absent where it is not installed. */
  readonly prlimit: string | undefined;
  /** Becomes another person; absent where it is not installed. */
  readonly setpriv: string | undefined;
  readonly system: SystemLayout;
  readonly toolchains: Toolchains;
  readonly filter: Uint8Array | undefined;
  /** What git finds in the home inside. */
  readonly gitSettings: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly limits: BoxLimits;
}

/** Joins the control groups named first (until `--`), then becomes the command, so that nothing starts outside of them. */
const JOIN = 'while [ "$1" != -- ]; do echo $$ >"$1" || exit 125; shift; done; shift; exec "$@"';

const ARGUMENTS_DESCRIPTOR = 3;
const ENVIRONMENT_INSIDE = '/run/cadre/environment';

/**
 * How to start a command in a box. Invariants:
 * 1. Bubblewrap itself runs with an empty environment and reads its arguments from a descriptor: values of the program's
 *    environment stand in no process list, and a variable such as LD_PRELOAD works inside the box only.
 * 2. Killing the spawned process ends everything in the box, since the first process of its namespace goes with it.
 */
export async function wrapInBox(
  bubblewrap: Bubblewrap,
  owner: BoxOwner,
  name: string,
  command: readonly string[],
  options: SandboxOptions,
): Promise<WrappedCommand> {
  const { filter } = bubblewrap;
  const box = describeBox(bubblewrap, owner, options);
  const contents = [...(filter === undefined ? [] : [filter]), ...box.files.map(([, content]) => content)];
  const limits = narrowLimits(bubblewrap.limits, options.most, memoryOf(options.limits));
  const group = await openControlGroup(name, limits);
  const inside = [...becoming(bubblewrap, owner), ...systemLimits(bubblewrap, owner, limits), ...command];
  const confined = [bubblewrap.program, '--args', String(ARGUMENTS_DESCRIPTOR), '--', ...inside];
  const [program = '', ...rest] = group === undefined ? confined : joining(group, confined);
  const args = Buffer.from(bubblewrapArguments(box).join('\0'));
  return {
    program,
    arguments: rest,
    env: {},
    cwd: '/',
    descriptors: [args, ...contents],
    most: limits,
    load: createLoadReader(group),
    full: () => group?.full(),
    measure: createMeasure(group),
    release: async () => {
      const ended = await group?.close();
      // The system needed something to mount on; somebody may have put it to use meanwhile.
      for (const path of box.barred) await rmdir(path).catch(() => {});
      return ended?.memoryExceeded === true ? limits.memoryBytes : undefined;
    },
  };
}

function joining(group: ControlGroup, command: readonly string[]): readonly string[] {
  return ['/bin/sh', '-c', JOIN, 'sh', ...group.joins, '--', ...command];
}

/**
 * Becomes the owner of the workspace, then takes on the environment of the program: a variable such as LD_PRELOAD must
 * not reach what still is root.
 */
function becoming({ setpriv }: Bubblewrap, { change }: BoxOwner): readonly string[] {
  if (change === undefined) return [];
  if (setpriv === undefined) {
    throw new CadreError(
      'no_sandbox',
      'Cadre runs as root for a workspace of somebody else, and setpriv is missing',
      {
        hint: 'install util-linux, or run Cadre as the owner of the workspace',
      },
    );
  }
  const drop = [setpriv, `--reuid=${change.uid}`, `--regid=${change.gid}`, '--clear-groups', '--'];
  return [...drop, '/bin/sh', '-c', `. ${ENVIRONMENT_INSIDE}; exec "$@"`, 'sh'];
}

/**
 * Set inside, where the user namespace of its own counts only the processes that run in the box. Root is exempt from that
 * count, and without such a namespace everything that the person runs would count.
 */
function systemLimits({ prlimit }: Bubblewrap, owner: BoxOwner, limits: UseLimits): readonly string[] {
  if (prlimit === undefined) return [];
  const { processes, openFiles } = limits;
  const isCounted = !owner.isRoot && owner.change === undefined;
  return [
    prlimit,
    ...(isCounted ? [`--nproc=${processes}:${processes}`] : []),
    `--nofile=${openFiles}:${openFiles}`,
    '--core=0:0',
    '--',
  ];
}

function describeBox(bubblewrap: Bubblewrap, { change }: BoxOwner, options: SandboxOptions): Box {
  const { confinement, proxySocket, sourceOf = (path: string) => path } = options;
  const isThere = (path: string) => existsSync(sourceOf(path));
  const hidden = confinement.hidden.filter(isThere);
  const isFolder = (path: string) => statSync(sourceOf(path)).isDirectory();
  const isShown = (path: string) => bubblewrap.system.folders.some((folder) => path.startsWith(`${folder}/`));
  const isBarred = (path: string) =>
    !isThere(path) && confinement.writable.some((folder) => path.startsWith(`${folder}/`));
  const base = baseEnvironment(bubblewrap.environment, { home: HOME_INSIDE, temporary: '/tmp' });
  const env = {
    ...base,
    ...bubblewrap.toolchains.env,
    ...options.env,
    ...(proxySocket === undefined ? {} : { CADRE_PROXY_SOCKET: PROXY_INSIDE }),
  };
  const becomesOther = change !== undefined;
  const box = {
    system: bubblewrap.system,
    files: [
      ...namePerson(bubblewrap.system.files, change ?? ourselves(), HOME_INSIDE),
      [`${HOME_INSIDE}/.gitconfig`, Buffer.from(options.gitSettings ?? bubblewrap.gitSettings)] as const,
      ...(becomesOther ? [[ENVIRONMENT_INSIDE, Buffer.from(exportLines(env))] as const] : []),
    ],
    becomesOther,
    env: becomesOther ? base : env,
    installed: [...bubblewrap.toolchains.folders, ...options.installed].filter((path) => !isShown(path)),
    readable: confinement.readable.filter((path) => !isBarred(path)),
    barred: confinement.readable.filter(isBarred),
    writable: confinement.writable,
    hiddenFiles: hidden.filter((path) => !isFolder(path)),
    hiddenFolders: hidden.filter(isFolder),
    temporaryBytes: bubblewrap.limits.temporaryBytes,
    cwd: options.cwd,
    ...(options.sourceOf === undefined ? {} : { sourceOf }),
    ...(proxySocket === undefined ? {} : { proxySocket }),
    ...(bubblewrap.filter === undefined ? {} : { filterDescriptor: ARGUMENTS_DESCRIPTOR + 1 }),
    fileDescriptors: ARGUMENTS_DESCRIPTOR + (bubblewrap.filter === undefined ? 1 : 2),
  };
  refuseNul(box);
  return box;
}

function ourselves() {
  return { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
}

/** For a shell, which knows no other names than these. */
function exportLines(env: Readonly<Record<string, string>>): string {
  return Object.entries(env)
    .filter(([name]) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", `'\\''`)}'\n`)
    .join('');
}

/** Arguments are told apart by NUL characters, so one inside a value would add arguments of its own. */
function refuseNul(box: Box): void {
  const texts = [
    box.cwd,
    ...box.installed,
    ...box.readable,
    ...box.writable,
    ...Object.entries(box.env).flat(),
  ];
  if (texts.some((text) => text.includes('\0'))) {
    throw new CadreError('no_sandbox', 'a path or a value of the environment holds a NUL character');
  }
}
