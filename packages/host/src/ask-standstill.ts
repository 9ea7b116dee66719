import { runReport } from '@cadre/core/history';
import type { Doers } from './doers.ts';
import { liveness, mayBeTaken } from './engine/holder.ts';
import type { JournaledRun } from './engine/journal.ts';
import { leaseName } from './engine/take-over.ts';
import type { OpenedStore } from './open-store.ts';
import type { Clock } from './ports/clock.ts';
import type { LeaseHolder } from './ports/lease-store.ts';
import { type Standstill, standstillOf } from './upkeep/standstill.ts';

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
  return standstillOf(run, journaled, {
    lease: await store.leases.find(leaseName(run)),
    isDead: (lease) => mayBeTaken(lease, liveness(lease, self), clock.now()),
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
    ...(sharing === undefined ? {} : { listJobs: () => sharing.queue.listJobs(run) }),
  });
}
