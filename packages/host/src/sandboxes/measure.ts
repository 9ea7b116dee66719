import type { MeasuredBy, Usage } from '@cadre/core';
import { measureProcesses } from './measure-processes.ts';
import type { GroupReading, GroupUse } from './read-group.ts';
import type { Seen } from './wrapped-command.ts';

const NOTHING_COUNTED: GroupUse = { memoryExceeded: false };

/**
 * Measures what a program and all that it started use: by its control group where that counts both, else by looking at its
 * processes. What was used once stays used, whatever is seen later: memory is the highest of all looks.
 */
export function createMeasure(group: GroupReading | undefined) {
  let highest: Usage = {};
  return async (pid: number | undefined): Promise<Seen> => {
    const { memoryExceeded, ...counted } = (await group?.measure()) ?? NOTHING_COUNTED;
    const whole = counted.cpuMs !== undefined && counted.memoryBytes !== undefined;
    const seen = whole || pid === undefined ? {} : await measureProcesses(pid);
    const now = { ...seen, ...counted };
    const measuredBy: MeasuredBy = whole ? 'control group' : 'processes';
    highest = {
      cpuMs: Math.max(highest.cpuMs ?? 0, now.cpuMs ?? 0),
      memoryBytes: Math.max(highest.memoryBytes ?? 0, now.memoryBytes ?? 0),
      measuredBy,
    };
    return { usage: highest, memoryBytes: now.memoryBytes ?? 0, memoryExceeded };
  };
}
