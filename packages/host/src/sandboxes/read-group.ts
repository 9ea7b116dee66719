import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Controller, Count } from './group-controllers.ts';

export interface GroupUse {
  readonly cpuMs?: number;
  /** Now, without what is kept of files and could be given back. */
  readonly memoryBytes?: number;
  /** Now, with threads. */
  readonly processes?: number;
  readonly memoryExceeded: boolean;
}

/** What can be seen of a control group, whoever made it. */
export interface GroupReading {
  /** What all that was ever in it has used; without what the system does not count here. */
  measure(): Promise<GroupUse>;
  /** Numbers of the processes that are in it now. */
  members(): Promise<readonly number[]>;
  /** What the system has refused it. Reads two small files at once, without waiting: the kernel makes them up as they are read. */
  full(): 'memory' | 'processes' | undefined;
}

export function readGroup(controllers: readonly Controller[]): GroupReading {
  return {
    async measure() {
      const memoryExceeded = (await Promise.all(controllers.map(killedForMemory))).some(Boolean);
      return Object.assign({ memoryExceeded }, ...(await Promise.all(controllers.map(measured))));
    },
    async members() {
      const folder = controllers[0]?.folder ?? '';
      const text = await readFile(join(folder, 'cgroup.procs'), 'utf8').catch(() => '');
      return text.split('\n').filter(Boolean).map(Number);
    },
    full() {
      if (controllers.some(({ folder, kills }) => kills && KILLED.test(textOf(join(folder, kills)))))
        return 'memory';
      const isRefused = controllers.some(
        ({ folder, refusals }) => refusals && REFUSED.test(textOf(join(folder, refusals))),
      );
      return isRefused ? 'processes' : undefined;
    },
  };
}

export async function killedForMemory({ folder, kills }: Controller): Promise<boolean> {
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
