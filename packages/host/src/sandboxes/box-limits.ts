import { totalmem } from 'node:os';

/** How much a confined program with all its children may use. */
export interface BoxLimits {
  /** Enforced where control groups are writable; an out-of-memory there never reaches the rest of the machine. */
  readonly memoryBytes: number;
  /** Processes and threads together. */
  readonly processes: number;
  /** Of each memory-backed folder inside (`/tmp`, `/dev/shm`). */
  readonly temporaryBytes: number;
}

/** Test runners and compilers of large repositories stay far below; a fork bomb does not. */
const PROCESSES = 2_048;
const GIB = 1024 ** 3;

export function defaultLimits(): BoxLimits {
  const memory = totalmem();
  return {
    memoryBytes: Math.floor(memory * 0.75),
    processes: PROCESSES,
    temporaryBytes: Math.min(2 * GIB, Math.floor(memory / 4)),
  };
}
