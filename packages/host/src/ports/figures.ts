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
