import type { JsonObject } from '@cadre/sdk';
import type { ProcessFigures } from './figures.ts';

/** What the processes of a workspace tell each other about their workers. */
export interface PoolStore {
  readonly quarantines: QuarantineStore;
  readonly figures: FigureStore;
  readonly warmCalls: WarmCalls;
}

export interface Quarantine {
  readonly worker: string;
  readonly since: number;
  /** One sentence. */
  readonly reason: string;
}

/** Workers of which no process is started before a person says so, in all processes of the workspace. */
export interface QuarantineStore {
  /** The first reason stays. */
  put(quarantine: Quarantine): Promise<void>;
  find(worker: string): Promise<Quarantine | undefined>;
  list(): Promise<readonly Quarantine[]>;
  /** Whether it was in quarantine. */
  clear(worker: string): Promise<boolean>;
}

/** What each process last told of itself: losing it loses nothing that happened. */
export interface FigureStore {
  put(figures: ProcessFigures): Promise<void>;
  /** By process, also of those that have died. */
  list(): Promise<readonly ProcessFigures[]>;
  /** Of processes that end, or that were found dead. */
  remove(processes: readonly string[]): Promise<void>;
}

/** The last call of each worker that is to be warm, from which follows what its processes are started for. */
export interface WarmCalls {
  put(worker: string, call: JsonObject): Promise<void>;
  find(worker: string): Promise<JsonObject | undefined>;
}
