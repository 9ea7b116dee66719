import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import type { ProcessLimits } from '../ports/gate.ts';
import type { UseLimits } from '../ports/sandbox.ts';

/** How much a confined program with all its children may use. */
export interface BoxLimits extends UseLimits {
  /** Of each memory-backed folder inside (`/tmp`, `/dev/shm`). */
  readonly temporaryBytes: number;
}

/** Test runners and compilers of large repositories stay far below; a fork bomb does not. */
const PROCESSES = 2_048;
const OPEN_FILES = 16_384;
const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

export function defaultLimits(): BoxLimits {
  const memory = totalmem();
  return {
    memoryBytes: Math.floor(memory * 0.75),
    processes: PROCESSES,
    openFiles: OPEN_FILES,
    diskBytes: 64 * GIB,
    outputBytes: 256 * MIB,
    temporaryBytes: Math.min(2 * GIB, Math.floor(memory / 4)),
  };
}

/** The lower of each. Open files cannot be more than this process itself may have: nobody but root may raise that. */
export function narrowLimits(
  limits: BoxLimits,
  ...most: readonly (Partial<UseLimits> | undefined)[]
): BoxLimits {
  const lowest = (key: keyof UseLimits): number | undefined => {
    const values = [limits, ...most].map((each) => each?.[key]).filter((value) => value !== undefined);
    return values.length === 0 ? undefined : Math.min(...values);
  };
  const cpuMs = lowest('cpuMs');
  return {
    temporaryBytes: limits.temporaryBytes,
    memoryBytes: lowest('memoryBytes') ?? limits.memoryBytes,
    processes: lowest('processes') ?? limits.processes,
    openFiles: Math.min(lowest('openFiles') ?? limits.openFiles, mostOpenFiles()),
    diskBytes: lowest('diskBytes') ?? limits.diskBytes,
    outputBytes: lowest('outputBytes') ?? limits.outputBytes,
    ...(cpuMs === undefined ? {} : { cpuMs }),
  };
}

function mostOpenFiles(): number {
  try {
    const [, hard] = /^Max open files\s+\S+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return hard === undefined ? Number.POSITIVE_INFINITY : Number(hard);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** Processor time of a budget is the affair of whoever counts it. */
export function memoryOf(limits: ProcessLimits | undefined): Partial<UseLimits> {
  return limits?.memoryBytes === undefined ? {} : { memoryBytes: limits.memoryBytes };
}
