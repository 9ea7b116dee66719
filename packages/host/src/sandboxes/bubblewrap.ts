import { rmdir } from 'node:fs/promises';
import { CadreError } from '@cadre/core';
import type { SandboxOptions, UseLimits } from '../ports/sandbox.ts';
import { baseEnvironment } from './base-environment.ts';
import { memoryOf, narrowLimits } from './box-limits.ts';
import type { BoxOwner } from './box-owner.ts';
import { type Box, bubblewrapArguments } from './bubblewrap-arguments.ts';
import { type ControlGroup, openControlGroup } from './control-group.ts';
import { type BoxGround, describeBox } from './describe-box.ts';
import { exportLines } from './export-lines.ts';
import { HOME_INSIDE } from './inside.ts';
import { createLoadReader } from './load-reader.ts';
import { createMeasure } from './measure.ts';
import type { WrappedCommand } from './wrapped-command.ts';

/** What was found out about this machine, once. */
export interface Bubblewrap extends BoxGround {
  readonly program: string;
  /** Sets bounds on the number of processes of an ordinary person; absent where it is not installed. */
  readonly prlimit: string | undefined;
  /** Becomes another person; absent where it is not installed. */
  readonly setpriv: string | undefined;
  readonly filter: Uint8Array | undefined;
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
  const box = boxOf(bubblewrap, owner, options);
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

function boxOf(bubblewrap: Bubblewrap, owner: BoxOwner, options: SandboxOptions): Box {
  const view = describeBox(bubblewrap, owner, options);
  const becomesOther = owner.change !== undefined;
  const { proxySocket, sourceOf } = options;
  const { filter, system, environment } = bubblewrap;
  const before = baseEnvironment(environment, { home: HOME_INSIDE, temporary: '/tmp' });
  const later = [ENVIRONMENT_INSIDE, Buffer.from(exportLines(view.env))] as const;
  return {
    ...view,
    system,
    files: [...view.files, ...(becomesOther ? [later] : [])],
    becomesOther,
    env: becomesOther ? before : view.env,
    temporaryBytes: bubblewrap.limits.temporaryBytes,
    cwd: options.cwd,
    ...(sourceOf === undefined ? {} : { sourceOf }),
    ...(proxySocket === undefined ? {} : { proxySocket }),
    ...(filter === undefined ? {} : { filterDescriptor: ARGUMENTS_DESCRIPTOR + 1 }),
    fileDescriptors: ARGUMENTS_DESCRIPTOR + (filter === undefined ? 1 : 2),
  };
}
