/** How much of one class of work a process does. */
export interface ClassFigures {
  readonly class: string;
  readonly places: number;
  readonly taken: number;
  readonly waiting: number;
  /** Since when the one that waits longest does so. */
  readonly oldest?: number;
  /** Attempts that left the line, ever and within the last minute. */
  readonly begun: number;
  readonly lastMinute: number;
  /** Those that are served next, in order; not more than a few hundred. */
  readonly line: readonly { readonly run: string; readonly step: string }[];
}

/** The processes of one worker within one process of Cadre, and what waits for them. */
export interface PoolFigures {
  readonly worker: string;
  readonly processes: number;
  /** Of those: without a call. */
  readonly idle: number;
  /** Calls under way. */
  readonly calls: number;
  readonly waiting: Readonly<Record<Lane, number>>;
  readonly oldest?: number;
  /** Calls that are over, ever, within the last minute, and without success. */
  readonly performed: number;
  readonly lastMinute: number;
  readonly failed: number;
  /** Processes started, and those of them in place of one that had ended by itself. */
  readonly starts: number;
  readonly restarts: number;
  /** When the newest process was started, and how long it took until it was ready. */
  readonly started?: { readonly at: number; readonly readyMs: number };
  /** Absent: nothing was seen yet, or the system shows nothing. */
  readonly usage?: PoolUsage;
  /** Absent, as what follows: it was told by a process of an earlier version. */
  readonly times?: CallTimes;
  readonly recent?: RecentFaults;
}

/** Of the processes and all that they have started, to within some seconds. */
export interface PoolUsage {
  /** Now, all in all. */
  readonly memoryBytes: number;
  /** The most that one process has used. */
  readonly peakBytes: number;
  /** Ever, those that are gone counted. */
  readonly cpuMs: number;
}

/** Calls by how long they took. */
export interface CallTimes {
  readonly sumMs: number;
  /** How many took no longer than each of `CALL_BOUNDS_MS` and longer than the one before; at last, how many took longer. */
  readonly counts: readonly number[];
}

export const CALL_BOUNDS_MS = [
  5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 1_800_000,
] as const;

/** Of the last calls: how many ended by a fault of the worker, and the share that may. */
export interface RecentFaults {
  readonly calls: number;
  readonly faults: number;
  readonly share: number;
}

export type Lane = 'high' | 'normal' | 'low';

/** What comes in over the network, and what is refused because it is too much. */
export interface EdgeFigures {
  readonly inFlight: number;
  readonly accepted: number;
  /** By reason. */
  readonly refused: Readonly<Record<string, number>>;
  /** Milliseconds that the process was last late to answer anything. */
  readonly delayMs: number;
  /** Why new work is refused now; absent: it is not. */
  readonly overloaded?: string;
}

/** What one process of Cadre tells of itself. */
export interface ProcessFigures {
  readonly process: string;
  readonly host: string;
  readonly pid: number;
  /** When that was so. */
  readonly at: number;
  readonly classes: readonly ClassFigures[];
  readonly pools: readonly PoolFigures[];
  readonly edge?: EdgeFigures;
}
