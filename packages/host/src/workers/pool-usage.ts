import type { PoolUsage } from '../ports/figures.ts';
import type { ProcessUse } from '../ports/sandbox.ts';

/** What the processes of one worker use, those that are gone counted. */
export interface PoolUse {
  /** The last that was seen of a process. */
  seen(process: object, use: ProcessUse): void;
  gone(process: object): void;
  /** Undefined: nothing was seen yet, or nothing can be. */
  figures(): PoolUsage | undefined;
}

export function createPoolUse(): PoolUse {
  const now = new Map<object, ProcessUse>();
  let goneCpuMs = 0;
  let peakBytes = 0;
  let isSeen = false;
  const sum = (of: (use: ProcessUse) => number) => [...now.values()].reduce((all, use) => all + of(use), 0);
  return {
    seen(process, use) {
      isSeen = true;
      now.set(process, use);
      // Of one process: what several use together is what they use now.
      peakBytes = Math.max(peakBytes, use.peakBytes);
    },
    gone(process) {
      goneCpuMs += now.get(process)?.cpuMs ?? 0;
      now.delete(process);
    },
    figures() {
      if (!isSeen) return undefined;
      return {
        memoryBytes: sum((use) => use.memoryBytes),
        peakBytes,
        cpuMs: goneCpuMs + sum((use) => use.cpuMs),
      };
    },
  };
}
