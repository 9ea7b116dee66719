import { readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * Bounds on memory and processes by control groups, version 1 or 2, where this process may make one; anywhere else there
 * are none. Invariants:
 * 1. A group is made beside or below our own, never above, so that limits which hold for us also hold for it.
 * 2. `close` leaves neither a process nor a folder.
 */
export interface ControlGroup {
  /** Files into which the process writes its own number to join, before it starts anything. */
  readonly joins: readonly string[];
  readonly limits: ReadonlySet<'memory' | 'processes'>;
  /** What all that was ever in it has used; without what the system does not count here. */
  measure(): Promise<GroupUse>;
  /** Numbers of the processes that are in it now. */
  members(): Promise<readonly number[]>;
  /** What the system has refused it. Reads two small files at once, without waiting: the kernel makes them up as they are read. */
  full(): 'memory' | 'processes' | undefined;
  /** Ends what is still in it; answers whether memory ran out. */
  close(): Promise<{ readonly memoryExceeded: boolean }>;
}

export interface GroupUse {
  readonly cpuMs?: number;
  /** Now, without what is kept of files and could be given back. */
  readonly memoryBytes?: number;
  /** Now, with threads. */
  readonly processes?: number;
  readonly memoryExceeded: boolean;
}

export interface GroupLimits {
  readonly memoryBytes: number;
  readonly processes: number;
}

/** One controller's way of saying it. */
interface Controller {
  /** Absent: it only counts. */
  readonly limit?: 'memory' | 'processes';
  readonly folder: string;
  readonly settings: Readonly<Record<string, string>>;
  /** File that counts kills for want of memory, and refusals to start one more process. */
  readonly kills?: string;
  readonly refusals?: string;
  readonly counts?: readonly Count[];
}

type Count = 'time 1' | 'time 2' | 'memory 1' | 'memory 2' | 'processes';

/** Undefined where no group with any limit can be made. `name` must be unused. */
export async function openControlGroup(name: string, limits: GroupLimits): Promise<ControlGroup | undefined> {
  const wanted = await controllers(name, limits);
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
    async measure() {
      const memoryExceeded = (await Promise.all(made.map(killedForMemory))).some(Boolean);
      return Object.assign({ memoryExceeded }, ...(await Promise.all(made.map(measured))));
    },
    async members() {
      const [folder = ''] = folders;
      const text = await readFile(join(folder, 'cgroup.procs'), 'utf8').catch(() => '');
      return text.split('\n').filter(Boolean).map(Number);
    },
    full() {
      if (made.some(({ folder, kills }) => kills && KILLED.test(textOf(join(folder, kills)))))
        return 'memory';
      const isRefused = made.some(
        ({ folder, refusals }) => refusals && REFUSED.test(textOf(join(folder, refusals))),
      );
      return isRefused ? 'processes' : undefined;
    },
    async close() {
      const memoryExceeded = (await Promise.all(made.map(killedForMemory))).some(Boolean);
      for (const folder of folders) await remove(folder);
      return { memoryExceeded };
    },
  };
}

/** Removes the empty groups of processes that were killed before they could. Names begin with `cadre-PID-`. */
export async function sweepControlGroups(): Promise<void> {
  const anywhere = await controllers('any', { memoryBytes: 0, processes: 0 });
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

async function controllers(name: string, limits: GroupLimits): Promise<readonly Controller[]> {
  const own = await ownGroups();
  const mounts = await groupMounts();
  const memory = String(limits.memoryBytes);
  const processes = String(limits.processes);
  const joined = own.get('');
  const version2 = mounts.get('');
  if (joined !== undefined && version2 !== undefined && own.size === 1) {
    // Below our own group no controller can be switched on while we are in it; beside it they are on already.
    const folder = join(version2, dirname(joined), name);
    return [
      {
        limit: 'processes',
        folder,
        settings: { 'pids.max': processes },
        refusals: 'pids.events',
        counts: ['time 2', 'processes'],
      },
      {
        limit: 'memory',
        folder,
        // One that runs out of memory takes the others with it: half a program is none.
        settings: { 'memory.max': memory, 'memory.swap.max': '0', 'memory.oom.group': '1' },
        kills: 'memory.events',
        counts: ['memory 2'],
      },
    ];
  }
  const folderOf = (controller: string) => {
    const mount = mounts.get(controller);
    const group = own.get(controller);
    return mount === undefined || group === undefined ? [] : [join(mount, group, name)];
  };
  return [
    ...folderOf('pids').map((folder) => ({
      limit: 'processes' as const,
      folder,
      settings: { 'pids.max': processes },
      refusals: 'pids.events',
      counts: ['processes'] as const,
    })),
    ...folderOf('memory').map((folder) => ({
      limit: 'memory' as const,
      folder,
      settings: { 'memory.limit_in_bytes': memory },
      kills: 'memory.oom_control',
      counts: ['memory 1'] as const,
    })),
    ...folderOf('cpuacct').map((folder) => ({ folder, settings: {}, counts: ['time 1'] as const })),
  ];
}

/** Controller to path of the group that this process is in; version 2 under the empty name. */
async function ownGroups(): Promise<ReadonlyMap<string, string>> {
  const text = await readFile('/proc/self/cgroup', 'utf8').catch(() => '');
  return new Map(
    text
      .split('\n')
      .filter((line) => line !== '')
      .flatMap((line) => {
        const [, names = '', ...path] = line.split(':');
        return names.split(',').map((controller) => [controller, path.join(':')] as const);
      }),
  );
}

/** Controller to the folder where its groups are mounted; version 2 under the empty name. */
async function groupMounts(): Promise<ReadonlyMap<string, string>> {
  const text = await readFile('/proc/self/mounts', 'utf8').catch(() => '');
  return new Map(
    text.split('\n').flatMap((line) => {
      const [, folder = '', kind, options = ''] = line.split(' ');
      if (kind === 'cgroup2') return [['', folder] as const];
      return kind === 'cgroup' ? options.split(',').map((option) => [option, folder] as const) : [];
    }),
  );
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

async function killedForMemory({ folder, kills }: Controller): Promise<boolean> {
  if (kills === undefined) return false;
  const text = await readFile(join(folder, kills), 'utf8').catch(() => '');
  return KILLED.test(text);
}

const KILLED = /^oom_kill [1-9]/m;
const REFUSED = /^max [1-9]/m;

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // The group is gone, and what was in it.
    return '';
  }
}

/** File and how its text is read: of version 1 nanoseconds and totals, of version 2 microseconds. */
const COUNTS: Readonly<
  Record<Count, { readonly file: string; readonly read: (text: string) => Partial<GroupUse> }>
> = {
  'time 1': { file: 'cpuacct.usage', read: (text) => ({ cpuMs: Math.round(Number(text) / 1e6) }) },
  'time 2': { file: 'cpu.stat', read: (text) => ({ cpuMs: Math.round(entry(text, 'usage_usec') / 1e3) }) },
  'memory 1': {
    file: 'memory.stat',
    read: (text) => ({ memoryBytes: entry(text, 'total_rss') + entry(text, 'total_shmem') }),
  },
  processes: { file: 'pids.current', read: (text) => ({ processes: Number(text) }) },
  'memory 2': {
    file: 'memory.stat',
    read: (text) => ({ memoryBytes: entry(text, 'anon') + entry(text, 'shmem') }),
  },
};

async function measured({ folder, counts = [] }: Controller): Promise<Partial<GroupUse>> {
  const found = await Promise.all(
    counts.map(async (count) => {
      const { file, read } = COUNTS[count];
      const text = await readFile(join(folder, file), 'utf8').catch(() => undefined);
      return text === undefined ? {} : read(text);
    }),
  );
  return Object.assign({}, ...found);
}

function entry(text: string, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
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
