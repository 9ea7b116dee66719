import { existsSync, readFileSync } from 'node:fs';
import { readFile, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CadreError, type MeasuredBy } from '@cadre/core';
import type { ProcessEnd, SandboxOptions } from '../../ports/sandbox.ts';
import { memoryOf, narrowLimits } from '../box-limits.ts';
import type { BoxOwner } from '../box-owner.ts';
import { type BoxGround, describeBox } from '../describe-box.ts';
import { exportLines } from '../export-lines.ts';
import { createLoadReader } from '../load-reader.ts';
import { createMeasure } from '../measure.ts';
import type { WrappedCommand } from '../wrapped-command.ts';
import { type Container, containerArguments, type Identity } from './container-arguments.ts';
import { type ContainerPlace, removeContainer, removing, writeFor } from './container-place.ts';
import { type Engine, runEngine } from './engine.ts';
import { RAN_OUT_OF_MEMORY } from './first-process.ts';
import { type ContainerReading, readContainer } from './read-container.ts';

/** What was found out about the engine of this machine, once. */
export interface Containers extends BoxGround {
  readonly engine: Engine;
  readonly runtime?: string;
  readonly image: string;
  readonly isForeign: boolean;
  readonly profileFile?: string;
  readonly place: ContainerPlace;
  /** By what its use is seen; absent: not known yet. */
  readonly measures?: MeasuredBy;
  /** What the engine cannot limit here; it would only complain. */
  readonly unlimited?: ReadonlySet<'memory' | 'processes'>;
  /** A person is the same inside by a namespace of the engine's making. */
  readonly isMapped: boolean;
}

/** With what is seen of it. */
export type WrappedContainer = WrappedCommand & { readonly reading: ContainerReading };

/**
 * Waits for the end of its leash in the background and then removes the container: whatever kills Cadre, nothing goes on. The words of the
 * command that removes stand in the text, those of the one that starts are arguments.
 */
const leashed = (remove: string) =>
  `{ read -r _ <&3; exec ${remove}; } </dev/null >/dev/null 2>&1 & exec 3<&-; exec "$@"`;

/** Exit code of a program that the system has ended at once. */
const KILLED = 137;
/** An engine's own, when it could not start the container. */
const NOT_STARTED = 125;
const NEARLY = 0.9;
const PAGE = 4_096;

/**
 * How to start a command in a container. Invariants:
 * 1. Values of the program's environment stand in a file that only the program can read, which goes when it has begun; they are in no
 *    list of processes and in no settings of the container.
 * 2. When the engine's process has ended by itself the container is gone; when it was killed `release` sees to that.
 */
export async function wrapInContainer(
  containers: Containers,
  owner: BoxOwner,
  name: string,
  command: readonly string[],
  options: SandboxOptions,
): Promise<WrappedContainer> {
  const { engine, place } = containers;
  const view = describeBox(containers, owner, options);
  const narrowed = inPages(narrowLimits(containers.limits, options.most, memoryOf(options.limits)));
  const environment = containers.isForeign ? withoutPath(view.env, options.env) : view.env;
  const { folder, environmentFile, copies } = await prepare(place, name, async (folder) => {
    const environmentFile = join(folder, 'environment');
    await writeFor(owner.change, environmentFile, exportLines(environment));
    const copies = await Promise.all(
      view.files.map(async ([path, content]) => [await place.keep(content), path] as const),
    );
    return { folder, environmentFile, copies };
  });
  const pidFile = join(folder, 'pid');
  const container: Container = {
    ...view,
    installed: view.installed.filter(existsSync),
    readable: view.readable.filter(existsSync),
    writable: view.writable.filter(existsSync),
    name,
    labels: place.labels,
    kind: engine.kind,
    image: containers.image,
    isForeign: containers.isForeign,
    system: containers.system.folders,
    copies,
    environmentFile,
    empty: place.empty,
    user: identity(owner, containers),
    limits: narrowed,
    mostProcesses: mostProcesses(engine, narrowed.processes),
    cwd: options.cwd,
    mountPoints: mountPoints(),
    unlimited: containers.unlimited ?? new Set(),
    hasSelinux: existsSync('/sys/fs/selinux/enforce'),
    ...(engine.kind === 'podman' ? { pidFile } : {}),
    ...(containers.runtime === undefined ? {} : { runtime: containers.runtime }),
    ...(containers.profileFile === undefined ? {} : { profileFile: containers.profileFile }),
    ...(options.proxySocket === undefined ? {} : { proxySocket: options.proxySocket }),
  };
  refuseLines(container);
  const reading = readContainer(
    () => (engine.kind === 'podman' ? pidFrom(pidFile) : askForPid(engine, name)),
    () => void rm(environmentFile, { force: true }),
  );
  const group = containers.measures === 'processes' ? undefined : reading;
  const load = createLoadReader(group);
  const measure = createMeasure(group);
  const remove = [engine.program, ...engine.globals, ...removing(engine, name)].map(shellWord).join(' ');
  const run = [engine.program, ...engine.globals, ...containerArguments(container, command)];
  return {
    reading,
    program: '/bin/sh',
    arguments: ['-c', leashed(remove), 'sh', ...run],
    env: engine.environment,
    cwd: '/',
    descriptors: [],
    isLeashed: true,
    most: narrowed,
    load: () => load(reading.pid()),
    full: reading.full,
    endStrays: reading.kill,
    // The process that was spawned is the engine's.
    measure: (pid) => measure(pid === undefined ? undefined : reading.pid()),
    release: async (end) => {
      reading.stop();
      if (end.signal !== null || end.code === NOT_STARTED || end.code === null)
        await removeContainer(engine, name);
      await rm(folder, { recursive: true, force: true });
      // The system needed something to mount on; somebody may have put it to use meanwhile.
      for (const path of view.barred) await rmdir(path).catch(() => {});
      return ranOut(end, reading, narrowed.memoryBytes) ? narrowed.memoryBytes : undefined;
    },
  };
}

/** What stands on disk for a container. A full disk is no bug of ours. */
async function prepare<T>(
  place: ContainerPlace,
  name: string,
  write: (folder: string) => Promise<T>,
): Promise<T> {
  try {
    return await write(await place.folderFor(name));
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error;
    throw new CadreError('no_sandbox', `what a container needs cannot be written: ${error.message}`, {
      hint: `make room in ${tmpdir()}, or set TMPDIR to a folder with more`,
    });
  }
}

/** A container that was ended at once, and not by us, while it had nearly all that it may have: where its first process could not tell. */
function ranOut({ code }: ProcessEnd, reading: ContainerReading, most: number): boolean {
  return (
    code === RAN_OUT_OF_MEMORY || reading.ranOut() || (code === KILLED && reading.peakBytes() > most * NEARLY)
  );
}

/** The system counts in pages, and would round it down by itself. */
export function inPages<T extends { readonly memoryBytes: number }>(limits: T): T {
  return { ...limits, memoryBytes: limits.memoryBytes - (limits.memoryBytes % PAGE) };
}

function identity({ change }: BoxOwner, { engine, isMapped }: Containers): Identity {
  const self = change ?? { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  // Without a namespace that keeps the number it is the engine's root who is this person outside.
  if (engine.isRootless && !isMapped) return { uid: 0, gid: 0, isMapped };
  return { ...self, isMapped };
}

/** With a foreign image its own programs are meant. */
function withoutPath(
  env: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const { PATH: _, ...others } = env;
  return wanted['PATH'] === undefined ? others : { ...others, PATH: wanted['PATH'] };
}

/** As many numbers as Linux has for processes by default. Podman itself gives up being allowed more. */
const MOST_PROCESSES = 32_768;

/** Without a namespace of its own everything that the person runs on the machine counts, so the limit is as high as it may be. */
function mostProcesses({ isRootless }: Engine, processes: number): number {
  if (isRootless) return processes;
  const [, hard = ''] = /^Max processes\s+\S+\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  return /^\d+$/.test(hard) ? Math.min(Number(hard), MOST_PROCESSES) : MOST_PROCESSES;
}

function mountPoints(): readonly string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .flatMap((line) => line.split(' ')[4] ?? [])
    .map((path) =>
      path.replace(/\\(\d{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8))),
    );
}

async function pidFrom(file: string): Promise<number | undefined> {
  return numberIn(await readFile(file, 'utf8').catch(() => ''));
}

async function askForPid(engine: Engine, name: string): Promise<number | undefined> {
  return numberIn((await runEngine(engine, ['inspect', '--format', '{{.State.Pid}}', name])).stdout);
}

function numberIn(text: string): number | undefined {
  return /^[1-9]\d*\s*$/.test(text) ? Number(text) : undefined;
}

function shellWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A mount is one line of text to an engine. */
function refuseLines({ readable, writable, cwd, installed }: Container): void {
  const odd = [cwd, ...installed, ...readable, ...writable].find((path) => /[\n\r]/.test(path));
  if (odd !== undefined) {
    throw new CadreError('no_sandbox', 'a path with a line break cannot be shown in a container', {
      hint: `give the folder another name: ${JSON.stringify(odd)}`,
    });
  }
}
