import type { Log } from '@cadre/kit/log';
import { liveness, mayBeTaken } from './engine/holder.ts';
import type { OpenedStore } from './open-store.ts';
import type { ActionRunner } from './ports/action-runner.ts';
import type { Clock } from './ports/clock.ts';
import type { Places, WaitingJobs } from './ports/dispatch.ts';
import type { EdgeFigures, ProcessFigures } from './ports/figures.ts';
import type { LeaseHolder } from './ports/lease-store.ts';
import type { PlacedShard } from './ports/sharded-work.ts';
import { readFigures } from './upkeep/read-figures.ts';
import { createFigureTeller } from './upkeep/tell-figures.ts';

export interface FigureDoers {
  /** What this process does, and then what the others that live last told of themselves. */
  figures(): Promise<readonly ProcessFigures[]>;
  /** What comes in over the network stands in the figures from now on. */
  watchEdge(look: () => EdgeFigures): void;
  /** Firings, or attempts of the fullest class, that wait to be begun, counted no further than `most`. */
  countWaiting(most: number): Promise<number>;
  /** On a shared store: which process each shard lives in; not more than some thousands. */
  shards(): Promise<readonly PlacedShard[]>;
  /** On a shared store: what waits for any process; known to within ten seconds. */
  readonly waitingJobs?: () => Promise<readonly WaitingJobs[]>;
}

const MOST_SHARDS = 5_000;

interface Options {
  readonly opened: OpenedStore;
  readonly clock: Clock;
  readonly holder: LeaseHolder;
  readonly places: Places;
  readonly runner: Pick<ActionRunner, 'figures'>;
  readonly log: Log;
}

export function openFigures(options: Options): FigureDoers & { end(): Promise<void> } {
  const { opened, clock, holder, places, runner, log } = options;
  const { leases, firings, pools } = opened.store;
  const queue = opened.sharing?.queue;
  const waitingJobs = queue === undefined ? undefined : remembered(() => queue.waiting(), clock);
  let edge: (() => EdgeFigures) | undefined;
  const teller = createFigureTeller({
    store: pools.figures,
    clock,
    holder,
    look: () => ({
      classes: places.figures(),
      pools: runner.figures(),
      ...(edge === undefined ? {} : { edge: edge() }),
    }),
    failed: (error) => log.warn('the figures of this process could not be told', { error: String(error) }),
  });
  teller.begin();
  return {
    async figures() {
      const told = await readFigures(pools.figures, leases, (lease) =>
        mayBeTaken(lease, liveness(lease, holder), clock.now()),
      );
      return [teller.now(), ...told.filter(({ process }) => process !== holder.holder)];
    },
    watchEdge(look) {
      edge = look;
    },
    shards: async () => (await queue?.shards.list(MOST_SHARDS)) ?? [],
    ...(waitingJobs === undefined ? {} : { waitingJobs }),
    async countWaiting(most) {
      const classes = [...places.figures(), ...((await waitingJobs?.()) ?? [])];
      const waiting = await firings.countWaiting(most);
      return Math.min(most, Math.max(waiting, ...classes.map((one) => one.waiting)));
    },
    end: () => teller.end(),
  };
}

/** Counting thousands of jobs is not done for everybody who asks. */
const REMEMBERED_MS = 10_000;

function remembered<T>(ask: () => Promise<T>, clock: Clock): () => Promise<T> {
  let kept: { readonly at: number; readonly value: Promise<T> } | undefined;
  return () => {
    if (kept === undefined || clock.now() - kept.at >= REMEMBERED_MS) {
      const value = ask();
      kept = { at: clock.now(), value };
      value.catch(() => {
        kept = undefined;
      });
    }
    return kept.value;
  };
}
