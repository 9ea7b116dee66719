import { readdir, readFile } from 'node:fs/promises';
import type { Load } from '../ports/sandbox.ts';
import { measureProcesses } from './measure-processes.ts';
import type { GroupReading, GroupUse } from './read-group.ts';

const NOTHING: Partial<GroupUse> = {};

/**
 * Looks at what a program and all that it started use: by its control group where that counts it, else by its processes.
 * What was written to disks stands with each process, and with its parent when that has waited for its end; what a
 * process wrote whose parent did not wait is seen with the first process of the box.
 */
export function createLoadReader(group: GroupReading | undefined) {
  let written = 0;
  let cpuMs = 0;
  return async (root: number | undefined): Promise<Load> => {
    const counted = (await group?.measure()) ?? NOTHING;
    const isWhole = counted.cpuMs !== undefined && counted.memoryBytes !== undefined;
    const seen = isWhole || root === undefined ? undefined : await measureProcesses(root);
    const pids = group === undefined ? (seen?.pids ?? []) : await group.members();
    const each = await Promise.all(
      pids.map(async (pid) => [await openFiles(pid), await writtenBy(pid)] as const),
    );
    // What was used once stays used, whoever has ended meanwhile.
    cpuMs = Math.max(cpuMs, counted.cpuMs ?? seen?.cpuMs ?? 0);
    written = Math.max(
      written,
      each.reduce((sum, [, bytes]) => sum + bytes, 0),
    );
    return {
      cpuMs,
      memoryBytes: counted.memoryBytes ?? seen?.memoryBytes ?? 0,
      processes: counted.processes ?? pids.length,
      openFiles: Math.max(0, ...each.map(([files]) => files)),
      writtenBytes: written,
    };
  };
}

async function openFiles(pid: number): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`).catch(() => [])).length;
}

async function writtenBy(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/io`, 'utf8').catch(() => '');
  return Number(/^write_bytes: (\d+)$/m.exec(text)?.[1] ?? 0);
}
