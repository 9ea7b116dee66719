import { isOver, type RunState } from '@cadre/core';
import { createPlaces } from '../../../dispatch/create-places.ts';
import type { LeaseHolder } from '../../../ports/lease-store.ts';
import type { Store } from '../../../ports/store.ts';
import { openSqliteStore } from '../../../stores/open-sqlite-store.ts';
import { type Engine, openEngine } from '../../engine.ts';
import { chanceFrom } from './chance.ts';
import { Broken, type JournalWatcher, watchJournals } from './journal-watcher.ts';
import { calm, createSchedule, type Life } from './schedule.ts';
import { scheduledGate } from './scheduled-gate.ts';
import { type Ask, scheduledStore } from './scheduled-store.ts';
import { sharingOf } from './shared-life.ts';
import { createSharedModel } from './shared-model.ts';
import { simulatedWorkflow } from './simulated-workflows.ts';
import { unexpected, want } from './want.ts';
import { whatIsOpen } from './what-is-open.ts';

export interface SimulationOptions {
  readonly seed: number;
  /** `held`: each run has a holder, as on SQLite. `shared`: any process advances it, as on PostgreSQL. */
  readonly size: 'held' | 'shared';
  /** With faults; afterwards it goes on without, until all runs are over. */
  readonly steps: number;
  /** Makes the store a bad one, to see whether that is found. */
  readonly spoil?: (store: Store) => Store;
  /** The same for what a life sees of the queue. */
  readonly spoilClaims?: boolean;
}

export interface SimulationTally {
  readonly steps: number;
  readonly runs: number;
  readonly events: number;
  readonly attempts: number;
  readonly crashes: number;
  readonly stops: number;
  readonly jumps: number;
  readonly lateAnswers: number;
  /** Appends that came too late: somebody else was first. */
  readonly refusals: number;
}

interface Alive {
  readonly life: Life;
  readonly engine: Engine;
}

const PROCESSES = 3;
const MOST_TO_SETTLE = 30_000;
/** Time passes also when nobody waits for it. */
const IDLE_MS = 1_000;
const TRAIL = 40;

/**
 * Several processes with the real engine on one store, in simulated time. One thing happens at a time, and which it is
 * chance says, which comes from the seed: an answer of the store, the end of an action, a timer, a wish of a person; or a
 * process dies (before or after a write), is stopped and goes on later, or its clock jumps. After each the invariants of
 * `watchJournals` are looked at. Throws what was broken, with the seed and what happened last.
 */
export async function simulateEngine(options: SimulationOptions): Promise<SimulationTally> {
  const trail: string[] = [];
  const world = await openSimulation(options);
  try {
    for (let step = 0; step < options.steps; step += 1) await world.step(trail, true);
    world.heal();
    for (let step = 0; !world.allOver(); step += 1) {
      if (step >= MOST_TO_SETTLE)
        throw new Broken(`these runs neither end nor can be ended: ${world.open()}`);
      await world.step(trail, false);
    }
    const ended = world.endAll();
    for (let step = 0; !ended(); step += 1) {
      if (step >= MOST_TO_SETTLE) throw new Broken('a process does not end');
      await world.step(trail, false);
    }
    return world.tally();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const last = trail.slice(-TRAIL).map((line) => `  ${line}`);
    throw new Broken(`seed ${options.seed} (${options.size}): ${why}\n${last.join('\n')}`, { cause: error });
  } finally {
    await world.close();
  }
}

async function openSimulation(options: SimulationOptions) {
  const { seed, size } = options;
  const chance = chanceFrom(seed);
  const schedule = createSchedule(chance);
  const base = await openSqliteStore(':memory:');
  const spoilt = options.spoil?.(base) ?? base;
  const watcher = watchJournals(base);
  const lives: Life[] = [];
  const processes: Alive[] = [];
  const counts = { steps: 0, crashes: 0, stops: 0, jumps: 0, lateAnswers: 0, refusals: 0 };
  const touched = new Set<string>();
  const begun: Parameters<JournalWatcher['begun']>[] = [];
  let broken: unknown;
  let faults = true;
  const model = createSharedModel(
    observed(spoilt, (run) => touched.add(run)),
    schedule,
    () => lives,
    () => faults && chance.happens(0.2),
  );

  function ask<T>(life: Life, call: Parameters<Ask>[1], work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      schedule.add(life, call.what, async () => {
        const dies = faults && call.writes && chance.happens(0.004);
        if (dies && chance.happens(0.5)) return die(life);
        const answer = await work().then(
          (value) => () => resolve(value),
          (error: unknown) => () => reject(error),
        );
        if (dies) return die(life);
        if (faults && chance.happens(0.05)) {
          counts.lateAnswers += 1;
          schedule.add(life, `${call.what} answers late`, answer);
        } else answer();
      });
    });
  }

  function die(life: Life): void {
    counts.crashes += 1;
    life.dead = true;
    schedule.forget(life);
    const index = processes.findIndex((one) => one.life === life);
    if (index >= 0) processes.splice(index, 1);
  }

  function begin(): void {
    const number = lives.length + 1;
    const skewMs = chance.below(20_000);
    const host = chance.happens(0.5) ? 'here' : `there-${number}`;
    const life: Life = { id: `p${number}`, host, dead: false, stopped: false, skewMs };
    lives.push(life);
    const engine = openLife(life);
    processes.push({ life, engine });
    wish(engine.work());
    wish(engine.recover());
  }

  function openLife(life: Life): Engine {
    const store = scheduledStore(
      observed(spoilt, (run) => touched.add(run)),
      life,
      ask,
    );
    const holder: LeaseHolder = { holder: life.id, host: life.host, pid: 1, processStart: life.id };
    return openEngine({
      store,
      gate: scheduledGate(life, schedule, chance, (by, call) => begun.push([by, call])),
      clock: schedule.clockOf(life),
      holder,
      workspace: { id: 'workspace', root: '/workspace' },
      places: createPlaces(() => 4),
      findWorkflow: async (name) => simulatedWorkflow(name),
      liveness: (lease) => {
        if (lease.host !== life.host) return 'unknown';
        return lives.find(({ id }) => id === lease.holder)?.dead === false ? 'alive' : 'gone';
      },
      ...(size === 'held'
        ? {}
        : {
            sharing: sharingOf(
              model,
              life,
              ask,
              options.spoilClaims === true,
              (error) => (broken ??= unexpected(error)),
            ),
          }),
    });
  }

  /** Whatever comes of it; only what nobody could expect is wrong. */
  function wish(asked: Promise<unknown>): void {
    asked.catch((error: unknown) => {
      broken ??= unexpected(error);
    });
  }

  function openRuns(): readonly [string, RunState][] {
    return [...watcher.states].filter(([, { status }]) => !isOver(status));
  }

  function fault(): string {
    const one = chance.pick(processes);
    if (one === undefined) return 'nobody is there';
    const { life } = one;
    const how = chance.next();
    if (how < 0.3) {
      die(life);
      return `${life.id} dies`;
    }
    if (how < 0.7) {
      life.stopped = !life.stopped;
      if (life.stopped) counts.stops += 1;
      return `${life.id} ${life.stopped ? 'is stopped' : 'goes on'}`;
    }
    counts.jumps += 1;
    const ms = 1_000 + chance.below(40_000);
    if (how < 0.85) {
      life.skewMs += ms;
      return `the clock of ${life.id} jumps by ${ms} ms`;
    }
    schedule.pass(ms);
    return `${ms} ms pass`;
  }

  async function happen(): Promise<string> {
    if (processes.length < PROCESSES && (processes.length === 0 || chance.happens(0.05))) {
      begin();
      return 'a process begins';
    }
    const what = chance.next();
    if (faults && what < 0.008) return fault();
    if (what < 0.02) {
      const going = processes.filter(({ life }) => !life.stopped);
      return want({ chance, open: openRuns(), processes: going, wild: faults, wish });
    }
    if (schedule.ready() > 0 && what < 0.97) return schedule.next();
    const woken = schedule.wake();
    if (woken === undefined) schedule.pass(IDLE_MS);
    return woken ?? 'nothing is due';
  }

  return {
    async step(trail: string[], withFaults: boolean): Promise<void> {
      counts.steps += 1;
      // Whoever is new takes over what others left; at the end, too, when nobody dies any more.
      if (!withFaults && counts.steps % 3_000 === 0) begin();
      const what = await happen();
      trail.push(`${schedule.now()} ${what}`);
      if (trail.length > 2 * TRAIL) trail.splice(0, TRAIL);
      await calm();
      for (const run of touched) await watcher.look(run);
      touched.clear();
      for (const [by, call] of begun.splice(0)) watcher.begun(by, call);
      if (broken !== undefined) throw broken;
    },
    heal() {
      faults = false;
      for (const { life } of processes) life.stopped = false;
    },
    /** Ends every process in order, which throws what nobody has heard of. Answers whether all of them have ended. */
    endAll(): () => boolean {
      const closing = new Set(processes);
      for (const one of processes) {
        one.engine.close(0).then(
          () => closing.delete(one),
          (error: unknown) => {
            broken ??= error;
          },
        );
      }
      return () => closing.size === 0;
    },
    allOver: () => openRuns().length === 0,
    open: () => whatIsOpen(openRuns(), schedule),
    tally: (): SimulationTally => tallyOf(counts, watcher),
    async close() {
      for (const { life } of processes) schedule.forget(life);
      await base.close();
    },
  };

  function observed(store: Store, appended: (run: string) => void): Store {
    return {
      ...store,
      runs: {
        ...store.runs,
        async create(id, events) {
          await store.runs.create(id, events);
          appended(id);
        },
        async append(id, expected, events, fence) {
          const outcome = await store.runs.append(id, expected, events, fence);
          if (!outcome.ok) counts.refusals += 1;
          appended(id);
          if (outcome.ok && fence !== undefined) await expectHeld(id, fence);
          return outcome;
        },
      },
    };
  }

  async function expectHeld(
    run: string,
    fence: { readonly lease: string; readonly token: number },
  ): Promise<void> {
    const lease = await base.leases.find(fence.lease);
    if (lease?.token === fence.token) return;
    broken ??= new Broken(
      `${run} was advanced with the lease ${fence.token}, which ${lease?.holder ?? 'nobody'} holds as ${lease?.token}`,
    );
  }
}

function tallyOf(
  counts: Omit<SimulationTally, 'runs' | 'events' | 'attempts'>,
  watcher: JournalWatcher,
): SimulationTally {
  return { ...counts, runs: watcher.states.size, events: watcher.events(), attempts: watcher.attempts() };
}
