import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface GroupLimits {
  readonly memoryBytes: number;
  readonly processes: number;
}

/** One controller's way of saying it. */
export interface Controller {
  /** Absent: it only counts. */
  readonly limit?: 'memory' | 'processes';
  readonly folder: string;
  readonly settings: Readonly<Record<string, string>>;
  /** File that counts kills for want of memory, and refusals to start one more process. */
  readonly kills?: string;
  readonly refusals?: string;
  readonly counts?: readonly Count[];
}

export type Count = 'time 1' | 'time 2' | 'memory 1' | 'memory 2' | 'processes';

/** Those of a group of this name beside or below our own. */
export async function controllersFor(name: string, limits: GroupLimits): Promise<readonly Controller[]> {
  const own = await groupsOf('self');
  // Below our own group of version 2 no controller can be switched on while we are in it; beside it they are on already.
  return controllersAt(own, limits, (path, isVersion2) => join(isVersion2 ? dirname(path) : path, name));
}

/**
 * Those of the group that a process is in, to be read; of a process that cannot be looked at none, and none of a group that is ours as
 * well, which counts more than that process.
 */
export async function controllersOf(pid: number): Promise<readonly Controller[]> {
  const nothing = { memoryBytes: 0, processes: 0 };
  const read = async (one: number | 'self') => controllersAt(await groupsOf(one), nothing, (path) => path);
  const ours = new Set((await read('self')).map(({ folder }) => folder));
  return (await read(pid)).filter(({ folder }) => !ours.has(folder));
}

async function controllersAt(
  groups: ReadonlyMap<string, string>,
  limits: GroupLimits,
  place: (path: string, isVersion2: boolean) => string,
): Promise<readonly Controller[]> {
  const mounts = await groupMounts();
  const joined = groups.get('');
  const version2 = mounts.get('');
  if (joined !== undefined && version2 !== undefined && groups.size === 1) {
    return version2Controllers(join(version2, place(joined, true)), limits);
  }
  const folderOf = (controller: string) => {
    const mount = mounts.get(controller);
    const group = groups.get(controller);
    return mount === undefined || group === undefined ? [] : [join(mount, place(group, false))];
  };
  return [
    ...folderOf('pids').map((folder) => ({
      limit: 'processes' as const,
      folder,
      settings: { 'pids.max': String(limits.processes) },
      refusals: 'pids.events',
      counts: ['processes'] as const,
    })),
    ...folderOf('memory').map((folder) => ({
      limit: 'memory' as const,
      folder,
      settings: { 'memory.limit_in_bytes': String(limits.memoryBytes) },
      kills: 'memory.oom_control',
      counts: ['memory 1'] as const,
    })),
    ...folderOf('cpuacct').map((folder) => ({ folder, settings: {}, counts: ['time 1'] as const })),
  ];
}

function version2Controllers(folder: string, limits: GroupLimits): readonly Controller[] {
  return [
    {
      limit: 'processes',
      folder,
      settings: { 'pids.max': String(limits.processes) },
      refusals: 'pids.events',
      counts: ['time 2', 'processes'],
    },
    {
      limit: 'memory',
      folder,
      // One that runs out of memory takes the others with it: half a program is none.
      settings: {
        'memory.max': String(limits.memoryBytes),
        'memory.swap.max': '0',
        'memory.oom.group': '1',
      },
      kills: 'memory.events',
      counts: ['memory 2'],
    },
  ];
}

/** Controller to path of the group that a process is in; version 2 under the empty name. */
async function groupsOf(pid: number | 'self'): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '');
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
