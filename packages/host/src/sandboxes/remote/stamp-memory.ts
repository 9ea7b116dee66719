import type { BigIntStats } from 'node:fs';

/**
 * Which file had which content, so that what did not change is not read again. A file that changed shortly before it was read is not
 * remembered: the clock of a file system stands still for some milliseconds, and who writes in them leaves no trace.
 */
export interface StampMemory {
  find(path: string, stats: BigIntStats): string | undefined;
  keep(path: string, stats: BigIntStats, hash: string, readAt: bigint): void;
}

const STANDSTILL_NS = 100_000_000n;

export function createStampMemory(): StampMemory {
  const known = new Map<string, { readonly stamp: string; readonly hash: string }>();
  return {
    find(path, stats) {
      const found = known.get(path);
      return found?.stamp === stampOf(stats) ? found.hash : undefined;
    },
    keep(path, stats, hash, readAt) {
      if (stats.ctimeNs + STANDSTILL_NS < readAt) known.set(path, { stamp: stampOf(stats), hash });
      else known.delete(path);
    },
  };
}

function stampOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`;
}
