import type { ConfinedProcess, Load, UseLimits } from '../ports/sandbox.ts';

export type UseLimit = 'cpu' | 'memory' | 'processes' | 'files' | 'disk' | 'output';

/** How much of a limit was used. */
export interface LimitUse {
  readonly limit: UseLimit;
  readonly planned: number;
  readonly used: number;
}

export interface LimitWatch {
  begin(call: string): void;
  /** What the call wrote as lines. */
  said(call: string, bytes: number): void;
  /** Looked at once more before its answer is taken: false when it was over, and the process is being ended. */
  isWithin(): boolean;
  end(call: string): void;
}

export interface LimitReports {
  /** Four fifths are used; told once for each limit while there are calls. */
  readonly near: (use: LimitUse) => void;
  /** Told once. */
  readonly over: (use: LimitUse) => void;
}

/** A look costs about a millisecond, and nothing as long as no call takes this long. */
const EVERY_MS = 500;
const NEAR = 0.8;

interface Watched {
  /** What the process had used before; of what it uses from then on some may be for other calls. */
  cpuMs?: number;
  diskBytes?: number;
  said: number;
}

/**
 * Looks at what the process uses while it has calls. What the system itself counts (memory, processes, open files) is refused
 * by the system at its limit; the looks are for saying so, and for what the system does not bound.
 */
export function watchLimits(
  child: Pick<ConfinedProcess, 'most' | 'load' | 'full'>,
  { near, over }: LimitReports,
): LimitWatch {
  const { most } = child;
  const calls = new Map<string, Watched>();
  const warned = new Set<UseLimit>();
  let timer: NodeJS.Timeout | undefined;
  let isNew = true;
  let isOver = false;
  let isLooking = false;

  function judge(use: LimitUse, isFull = use.used > use.planned): void {
    if (isOver) return;
    if (isFull) {
      isOver = true;
      over(use);
    } else if (use.used >= use.planned * NEAR && !warned.has(use.limit)) {
      warned.add(use.limit);
      near(use);
    }
  }

  function isWithin(): boolean {
    const full = child.full();
    if (full === 'memory')
      judge({ limit: 'memory', planned: most.memoryBytes, used: most.memoryBytes }, true);
    if (full === 'processes')
      judge({ limit: 'processes', planned: most.processes, used: most.processes }, true);
    return !isOver;
  }

  async function look(): Promise<void> {
    if (isLooking || isOver) return;
    isLooking = true;
    const load = await child.load();
    isLooking = false;
    if (calls.size === 0 || !isWithin()) return;
    for (const use of usesOf(load, most))
      judge(use, use.used > use.planned || (isCount(use) && use.used >= use.planned));
    for (const watched of calls.values()) {
      watched.cpuMs ??= load.cpuMs;
      watched.diskBytes ??= load.writtenBytes;
      const { cpuMs: planned = Number.POSITIVE_INFINITY } = most;
      judge({ limit: 'cpu', planned, used: load.cpuMs - watched.cpuMs });
      judge({ limit: 'disk', planned: most.diskBytes, used: load.writtenBytes - watched.diskBytes });
    }
  }

  return {
    begin(call) {
      // A process that is new has used nothing; of another one it is seen at the first look what it used before.
      calls.set(call, isNew ? { cpuMs: 0, diskBytes: 0, said: 0 } : { said: 0 });
      isNew = false;
      if (timer === undefined) {
        timer = setInterval(() => void look(), EVERY_MS);
        timer.unref();
      }
    },
    said(call, bytes) {
      const watched = calls.get(call);
      if (watched === undefined) return;
      watched.said += bytes;
      judge({ limit: 'output', planned: most.outputBytes, used: watched.said });
    },
    isWithin,
    end(call) {
      calls.delete(call);
      if (calls.size > 0) return;
      clearInterval(timer);
      timer = undefined;
      warned.clear();
    },
  };
}

function usesOf(load: Load, most: UseLimits): readonly LimitUse[] {
  return [
    { limit: 'memory', planned: most.memoryBytes, used: load.memoryBytes },
    { limit: 'processes', planned: most.processes, used: load.processes },
    { limit: 'files', planned: most.openFiles, used: load.openFiles },
  ];
}

/** Of these nobody can have more than he may: who has all of them wants more. */
function isCount({ limit }: LimitUse): boolean {
  return limit === 'processes' || limit === 'files';
}
