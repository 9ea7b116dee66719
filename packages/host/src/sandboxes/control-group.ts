import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Controller, controllersFor, type GroupLimits } from './group-controllers.ts';
import { type GroupReading, killedForMemory, readGroup } from './read-group.ts';

/**
 * Bounds on memory and processes by control groups, version 1 or 2, where this process may make one; anywhere else there
 * are none. Invariants:
 * 1. A group is made beside or below our own, never above, so that limits which hold for us also hold for it.
 * 2. `close` leaves neither a process nor a folder.
 */
export interface ControlGroup extends GroupReading {
  /** Files into which the process writes its own number to join, before it starts anything. */
  readonly joins: readonly string[];
  readonly limits: ReadonlySet<'memory' | 'processes'>;
  /** Ends what is still in it; answers whether memory ran out. */
  close(): Promise<{ readonly memoryExceeded: boolean }>;
}

/** Undefined where no group with any limit can be made. `name` must be unused. */
export async function openControlGroup(name: string, limits: GroupLimits): Promise<ControlGroup | undefined> {
  const wanted = await controllersFor(name, limits);
  const made: Controller[] = [];
  for (const controller of wanted) if (await make(controller)) made.push(controller);
  if (made.every(({ limit }) => limit === undefined)) {
    for (const { folder } of made) await remove(folder);
    return undefined;
  }
  const folders = [...new Set(made.map(({ folder }) => folder))];
  return {
    joins: folders.map((folder) => join(folder, 'cgroup.procs')),
    limits: new Set(made.flatMap(({ limit }) => limit ?? [])),
    ...readGroup(made),
    async close() {
      const memoryExceeded = (await Promise.all(made.map(killedForMemory))).some(Boolean);
      for (const folder of folders) await remove(folder);
      return { memoryExceeded };
    },
  };
}

/** Removes the empty groups of processes that were killed before they could. Names begin with `cadre-PID-`. */
export async function sweepControlGroups(): Promise<void> {
  const anywhere = await controllersFor('any', { memoryBytes: 0, processes: 0 });
  for (const folder of new Set(anywhere.map((controller) => dirname(controller.folder)))) {
    for (const name of await readdir(folder).catch(() => [])) {
      const [, pid] = /^cadre-(\d+)-/.exec(name) ?? [];
      // A group with members cannot be removed, so a number that is in use again does no harm.
      if (pid !== undefined && !isAlive(Number(pid))) await rmdir(join(folder, name)).catch(() => {});
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code !== 'ESRCH';
  }
}

async function make({ folder, settings }: Controller): Promise<boolean> {
  try {
    await mkdir(folder, { recursive: true });
    const [first, ...others] = Object.entries(settings);
    if (first !== undefined) await writeFile(join(folder, first[0]), first[1]);
    // Swap may not be counted here at all; then there is nothing to bound.
    for (const [file, text] of others) await writeFile(join(folder, file), text).catch(() => {});
    return true;
  } catch {
    // Not permitted, or the controller is not there: this limit is not to be had on this machine.
    await rmdir(folder).catch(() => {});
    return false;
  }
}

async function remove(folder: string): Promise<void> {
  // A killed process leaves its group a moment after its parent has heard of it.
  for (let tries = 0; tries < 200; tries++) {
    if (await killMembers(folder)) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** True when the group is gone. */
async function killMembers(folder: string): Promise<boolean> {
  await writeFile(join(folder, 'cgroup.kill'), '1').catch(() => {});
  const members = await readFile(join(folder, 'cgroup.procs'), 'utf8').catch(() => '');
  for (const pid of members.split('\n').filter((line) => line !== '' && line !== '0')) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It has ended by itself meanwhile.
    }
  }
  return rmdir(folder).then(
    () => true,
    async () => (await readdir(folder).catch(() => undefined)) === undefined,
  );
}
