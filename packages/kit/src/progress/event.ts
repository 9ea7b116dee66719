export type ProgressState = 'running' | 'succeeded' | 'failed' | 'skipped' | 'cancelled';

/** The one shape in which progress travels: to a terminal, a log, a web page or another process. */
export interface ProgressEvent {
  readonly id: string;
  /** Absent for what belongs to nothing larger. */
  readonly parent?: string;
  readonly label: string;
  readonly done: number;
  /** Absent when nobody knows. */
  readonly total?: number;
  readonly unit?: string;
  /** Units a second, as a moving average; absent in the first two seconds. */
  readonly rate?: number;
  /** Milliseconds until done; absent when it cannot be told. */
  readonly etaMs?: number;
  readonly state: ProgressState;
}
