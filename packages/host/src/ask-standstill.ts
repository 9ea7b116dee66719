import { runReport } from '@cadre/core/history';
import type { Doers } from './doers.ts';
import { liveness, mayBeTaken } from './engine/holder.ts';
import type { JournaledRun } from './engine/journal.ts';
import { leaseName } from './engine/take-over.ts';
import type { OpenedStore } from './open-store.ts';
import type { Clock } from './ports/clock.ts';
import type { WorkQueue } from './ports/dispatch.ts';
import type { ClassFigures, ProcessFigures } from './ports/figures.ts';
import type { Lease, LeaseHolder } from './ports/lease-store.ts';
import { readFigures } from './upkeep/read-figures.ts';
import { type Standstill, standstillOf, type WaitingStep } from './upkeep/standstill.ts';

/** Why a run does not move. Workers and settings are asked only about what is being performed. */
export async function askStandstill(about: {
  readonly run: string;
  readonly journaled: JournaledRun;
  readonly opened: OpenedStore;
  readonly clock: Clock;
  readonly self: LeaseHolder;
  readonly doers: () => Promise<Doers>;
}): Promise<Standstill | undefined> {
  const { run, journaled, opened, clock, self, doers } = about;
  const { store, sharing } = opened;
  const uses = new Map(runReport(journaled.workflow, journaled.state).map((row) => [row.step, row.uses]));
  const lease = await store.leases.find(leaseName(run));
  const isDead = (held: Lease) => mayBeTaken(held, liveness(held, self), clock.now());
  const listTold = () => readFigures(store.pools.figures, store.leases, isDead);
  const inProcess = async () => {
    const told = await listTold();
    const holder = told.find(({ process }) => process === lease?.holder);
    return holder === undefined ? undefined : inLines(holder.classes, run);
  };
  return standstillOf(run, journaled, {
    lease,
    isDead,
    isHeldByOne: sharing === undefined || journaled.state.mode === 'plan',
    firstOf: (group) => store.groups.first(group, clock.now()),
    async listMissing() {
      const { performers, classOf } = await doers();
      return performers.listMissing(journaled.workflow, classOf);
    },
    async placesFor(step) {
      const { classOf, placesOf } = await doers();
      const action = uses.get(step);
      const name = action === undefined ? 'io' : classOf(action);
      return { class: name, places: placesOf(name) };
    },
    listWaiting: () => (sharing === undefined ? inProcess() : inQueue(sharing.queue, run, listTold)),
  });
}

/** So many of a run are looked up; the place of each takes a question. */
const MOST_SHOWN = 20;
const MOST_COUNTED = 100_000;

async function inQueue(
  queue: Pick<WorkQueue, 'listJobs' | 'countAhead'>,
  run: string,
  listTold: () => Promise<readonly ProcessFigures[]>,
): Promise<readonly WaitingStep[]> {
  const waiting = (await queue.listJobs(run)).filter(({ taken }) => !taken);
  const told = waiting.some(({ place }) => place !== undefined) ? await listTold() : [];
  const nameOf = (place: string) => {
    const found = told.find(({ process }) => process === place);
    return found === undefined ? place : `process ${found.pid} on ${found.host}`;
  };
  const first = waiting.toSorted((one, other) => other.priority - one.priority).slice(0, MOST_SHOWN);
  return Promise.all(
    first.map(async (job) => {
      const ahead = await queue.countAhead(job, MOST_COUNTED);
      const place = job.place === undefined ? {} : { place: nameOf(job.place) };
      return { step: job.step, class: job.class, position: ahead + 1, ...place };
    }),
  );
}

/** As the process that holds the run last told of its lines. */
function inLines(classes: readonly ClassFigures[], run: string): readonly WaitingStep[] {
  return classes.flatMap(({ class: className, line, waiting }) =>
    line.flatMap((one, index) =>
      one.run === run ? [{ step: one.step, class: className, position: index + 1, of: waiting }] : [],
    ),
  );
}
