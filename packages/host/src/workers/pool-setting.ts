import type { Failure, JsonValue, Outcome } from '@cadre/sdk';
import type { Surroundings } from '../ports/action-runner.ts';
import type { Clock } from '../ports/clock.ts';
import type { QuarantineStore } from '../ports/pool-store.ts';
import type { Sandbox } from '../ports/sandbox.ts';
import type { RestartPolicy } from './restarts.ts';
import type { WorkerProcess, WorkerTimes } from './worker-process.ts';

/** How many processes of one worker there are. */
export interface PoolSetting {
  /** So many are kept without a call, once it is known what for. */
  readonly min: number;
  readonly max: number;
  /** After so long without a call a process is stopped. */
  readonly idleMs: number;
  readonly restart: RestartPolicy;
  /** The share of its calls that may end by a fault of the worker before it counts as degraded. */
  readonly errors: number;
  /** Other than the manifest says. */
  readonly strategy?: 'import' | 'thread';
}

export interface PoolContext {
  readonly sandbox: Sandbox;
  readonly times: WorkerTimes;
  readonly clock: Clock;
  readonly quarantines: QuarantineStore;
  /** A process has no call any more. */
  readonly rested: () => void;
  readonly told: (worker: string, failure: Failure) => void;
}

/** Who wants a process. */
export interface Caller extends Surroundings {
  readonly run: string;
  readonly step: string;
  readonly shard?: string;
  readonly priority?: number;
  /** Another call waits for it, with its process. */
  readonly isAwaited?: true;
}

/** What a process is wanted for. Whatever it waits for that other calls have to do, it does inside of `whileWaiting`. */
export type PoolTask = (
  process: WorkerProcess,
  whileWaiting: <T>(work: () => Promise<T>) => Promise<T>,
) => Promise<Outcome<JsonValue>>;
