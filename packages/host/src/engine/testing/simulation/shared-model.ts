import { isCadreError } from '@cadre/core';
import type { Claim, Job, Work, WorkQueue } from '../../../ports/dispatch.ts';
import type { ShardedWork, ShardPlace } from '../../../ports/sharded-work.ts';
import type { SharedJournal, SharedStore, Turn } from '../../../ports/shared-journal.ts';
import type { Appended, Store } from '../../../ports/store.ts';
import type { Life, Schedule } from './schedule.ts';
import { type Ask, scheduledPort } from './scheduled-store.ts';

/** A job as the model keeps it. */
interface Kept {
  readonly job: Job;
  deaths: number;
  /** When whoever took it said last that it lives; undefined: nobody has it. */
  touched: number | undefined;
  /** The only one that may take it. */
  place: string | undefined;
}

export interface SharedModel {
  /** What one life sees of it. */
  seenBy(life: Life, ask: Ask): { readonly shared: SharedStore; readonly queue: WorkQueue };
}

const HEARTBEAT_MS = 10_000;

/**
 * What PostgreSQL and pg-boss promise, as a model: turns with what stands beside them are all or nothing, a claim that is
 * not touched for 10 s goes to another with one more death, and what is told to others may come late or never.
 */
export function createSharedModel(
  store: Store,
  schedule: Schedule,
  lives: () => readonly Life[],
  drops: () => boolean,
): SharedModel {
  const jobs = new Map<string, Kept>();
  const due = new Map<string, number>();
  const ears = new Map<Life, Set<(line: string | undefined) => void>>();

  function tell(lines: readonly string[]): void {
    for (const life of lives()) {
      for (const hear of ears.get(life) ?? []) {
        for (const line of lines) if (!drops()) schedule.add(life, `hears ${line}`, () => hear(line));
      }
    }
  }

  function keep({ jobs: handedIn = [], settled = [] }: Work): readonly string[] {
    for (const job of handedIn) {
      const touched = job.direct === true ? schedule.now() : undefined;
      if (!jobs.has(job.id)) jobs.set(job.id, { job, deaths: 0, touched, place: job.place });
    }
    for (const claim of settled) if (held(claim) !== undefined) jobs.delete(claim.id);
    return handedIn.flatMap((job) => {
      if (job.direct === true) return [];
      return [job.place === undefined ? `work ${job.class}` : `placed ${job.place} ${job.class}`];
    });
  }

  /** The job, if the claim still stands. */
  function held({ id, deaths }: Claim): Kept | undefined {
    const kept = jobs.get(id);
    return kept?.touched !== undefined && kept.deaths === deaths ? kept : undefined;
  }

  async function append({ run, expected, events }: Turn<Work>): Promise<Appended> {
    if (events.length === 0) return { ok: true, number: expected };
    if (expected > 0) return store.runs.append(run, expected, events);
    try {
      await store.runs.create(run, events);
      return { ok: true, number: events.length };
    } catch (error) {
      if (isCadreError(error) && error.code === 'exists') return { ok: false, reason: 'conflict' };
      throw error;
    }
  }

  const journal: SharedJournal<Work> = {
    async advance(turn) {
      const outcome = await append(turn);
      const lines = turn.anyway === undefined ? [] : [...keep(turn.anyway)];
      if (outcome.ok) {
        if (turn.beside !== undefined) lines.push(...keep(turn.beside));
        if (turn.events.length > 0) {
          if (turn.wakeAt === undefined) due.delete(turn.run);
          else due.set(turn.run, turn.wakeAt);
          lines.push(`run ${turn.run}`);
        }
      }
      tell(lines);
      return outcome;
    },
    async readOn(known) {
      const all = await Promise.all(
        known.map(async ({ run, after }) => [run, await store.runs.readEvents(run, after)] as const),
      );
      return new Map(all.filter(([, events]) => events.length > 0));
    },
    async lastNumbers(runs) {
      const all = await Promise.all(
        runs.map(async (run) => [run, await store.runs.lastNumber(run)] as const),
      );
      return new Map(all.filter(([, number]) => number > 0));
    },
    async putOff(run, number, wakeAt) {
      if ((await store.runs.lastNumber(run)) !== number) return;
      if (wakeAt === undefined) due.delete(run);
      else due.set(run, wakeAt);
    },
    async takeDue(now, againMs) {
      const open = await openRuns();
      const ids = [...due].filter(([run, at]) => at <= now && open.has(run)).map(([run]) => run);
      for (const run of ids) due.set(run, now + againMs);
      return ids;
    },
    nextDue: async () => [...due.values()].sort((one, other) => one - other)[0],
    async listUntimed() {
      const open = await openRuns();
      return new Map([...open].filter(([run]) => !due.has(run)));
    },
  };

  async function openRuns(): Promise<ReadonlyMap<string, number>> {
    const status = ['queued', 'running', 'cancelling', 'waiting'] as const;
    const { runs } = await store.runs.list({ status, limit: 1_000 });
    return new Map(runs.map(({ id, number }) => [id, number]));
  }

  const places = new Map<string, { readonly place: ShardPlace; beat: number }>();
  const shardPlaces = new Map<string, string>();
  /** Counts places given, so that they differ. */
  let given = 0;

  const does = ({ rooms }: ShardPlace, className: string) => (rooms[className] ?? rooms['*'] ?? 0) > 0;

  const shards: ShardedWork = {
    async enter(place) {
      places.set(place.id, { place, beat: schedule.now() });
      const own = [...jobs.values()].filter((kept) => kept.place === place.id && kept.touched === undefined);
      return [...new Set(own.map(({ job }) => job.class))];
    },
    assign: async (wanted) =>
      wanted.map((shard) => {
        const key = JSON.stringify([shard.class, shard.shard]);
        const before = shardPlaces.get(key);
        if (before !== undefined && places.has(before)) return before;
        const all = [...places.values()].filter(({ place }) => does(place, shard.class));
        const next = all[given++ % Math.max(1, all.length)]?.place.id;
        if (next !== undefined) shardPlaces.set(key, next);
        return next;
      }),
    async take(place, className, most) {
      const own = [...jobs.values()].filter(
        (kept) => kept.place === place && kept.job.class === className && kept.touched === undefined,
      );
      const taken = own.slice(0, most);
      for (const kept of taken) {
        kept.touched = schedule.now();
        kept.place = undefined;
      }
      const claims = taken.map(({ job, deaths }) => ({
        id: job.id,
        class: job.class,
        deaths,
        data: job.data,
      }));
      return { claims, more: own.length > taken.length };
    },
    async pass(claims) {
      for (const { claim, place } of claims) {
        const kept = held(claim);
        if (kept === undefined) continue;
        kept.touched = undefined;
        kept.place = place;
      }
    },
    list: async () => [],
    async leave(place) {
      places.delete(place);
      giveToAnybody();
    },
  };

  function giveToAnybody(): void {
    for (const kept of jobs.values()) {
      if (kept.place !== undefined && !places.has(kept.place)) kept.place = undefined;
    }
  }

  const queue: Omit<WorkQueue, 'write' | 'shards'> = {
    prepare: async () => undefined,
    async take(className, most) {
      const free = [...jobs.values()].filter(
        ({ job, touched, place }) => job.class === className && touched === undefined && place === undefined,
      );
      const taken = free.sort((a, b) => b.job.priority - a.job.priority).slice(0, most);
      for (const kept of taken) kept.touched = schedule.now();
      return taken.map(({ job, deaths }) => ({ id: job.id, class: job.class, deaths, data: job.data }));
    },
    async touch(claims) {
      const kept = claims.filter((claim) => held(claim) !== undefined);
      for (const claim of kept) (held(claim) as Kept).touched = schedule.now();
      return new Set(kept.map(({ id }) => id));
    },
    async withdraw(ids) {
      const gone = ids.filter((id) => jobs.has(id) && jobs.get(id)?.touched === undefined);
      for (const id of gone) jobs.delete(id);
      return gone;
    },
    async giveBack(claims) {
      for (const claim of claims) {
        const kept = held(claim);
        if (kept !== undefined) kept.touched = undefined;
      }
    },
    isEmpty: async () => jobs.size === 0,
    listJobs: async (run) =>
      [...jobs.values()]
        .filter(({ job }) => job.data['run'] === run)
        .map(({ job, touched }) => ({
          id: job.id,
          priority: job.priority,
          class: job.class,
          taken: touched !== undefined,
          step: String(job.data['step']),
        })),
    async reorder(moved) {
      for (const { id, priority } of moved) {
        const kept = jobs.get(id);
        if (kept !== undefined) jobs.set(id, { ...kept, job: { ...kept.job, priority } });
      }
    },
    countAhead: async () => 0,
    waiting: async () => [],
    listClasses: async () => [...new Set([...jobs.values()].map(({ job }) => job.class))].sort(),
    listRuns: async () => new Set([...jobs.values()].map(({ job }) => String(job.data['run']))),
    async supervise() {
      for (const kept of jobs.values()) {
        if (kept.touched === undefined || schedule.now() - kept.touched < HEARTBEAT_MS) continue;
        kept.touched = undefined;
        kept.deaths += 1;
      }
      for (const [id, { beat }] of places) if (schedule.now() - beat >= HEARTBEAT_MS) places.delete(id);
      giveToAnybody();
    },
    close: async () => undefined,
  };

  return {
    seenBy: (life, ask) => ({
      queue: {
        ...scheduledPort('queue', queue, life, ask),
        shards: scheduledPort('shards', shards, life, ask),
        prepare: queue.prepare,
        close: queue.close,
        // Beside a turn: in its transaction.
        write: (_transaction, work) => ({ sent: true, lines: Promise.resolve(work.flatMap(keep)) }),
      },
      shared: {
        // What the engine hands over as `alongside` is the write above; the model does it by itself.
        openJournal: <Beside>() =>
          scheduledPort('journal', journal, life, ask) as unknown as SharedJournal<Beside>,
        executeSql: () => Promise.reject(new Error('the model speaks no SQL')),
        transact: () => Promise.reject(new Error('the model speaks no SQL')),
        listen(hear) {
          const all = ears.get(life) ?? new Set();
          ears.set(life, all.add(hear));
          return () => void all.delete(hear);
        },
      },
    }),
  };
}
