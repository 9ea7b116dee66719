import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { isOver, type NumberedEvent } from '@cadre/core';
import type { Store } from '../../ports/store.ts';
import { openSqliteStore } from '../../stores/open-sqlite-store.ts';

export interface Tally {
  readonly kills: number;
  readonly runs: number;
  readonly events: number;
  readonly attempts: number;
  /** Runs that a later process took over. */
  readonly takenOver: number;
  /** Attempts that were under way when their process was killed. */
  readonly interrupted: number;
  /** Starts and ends that a process was told of and that are not in the journal. */
  readonly lost: number;
  /** Runs that did not end well. */
  readonly unfinished: number;
  /** Attempts performed without standing in the journal first, or performed twice. */
  readonly unaccounted: number;
  /** Attempts made after a result of their step had been appended. */
  readonly repeated: number;
  /** Results without what their step did. */
  readonly withoutEffects: number;
  readonly gaps: number;
  /** What SQLite says of its file. */
  readonly integrity: string;
}

/** How much of it must not be. */
export function wrongIn(tally: Tally): number {
  const { lost, unfinished, unaccounted, repeated, withoutEffects, gaps, integrity } = tally;
  return lost + unfinished + unaccounted + repeated + withoutEffects + gaps + (integrity === 'ok' ? 0 : 1);
}

export const NO_KILLS: Tally = {
  kills: 0,
  runs: 0,
  events: 0,
  attempts: 0,
  takenOver: 0,
  interrupted: 0,
  lost: 0,
  unfinished: 0,
  unaccounted: 0,
  repeated: 0,
  withoutEffects: 0,
  gaps: 0,
  integrity: 'ok',
};

export function addTallies(one: Tally, other: Tally): Tally {
  const { integrity, ...counts } = one;
  const sums = Object.entries(counts).map(([name, count]) => [
    name,
    count + other[name as keyof typeof counts],
  ]);
  return {
    ...NO_KILLS,
    ...Object.fromEntries(sums),
    integrity: integrity === 'ok' ? other.integrity : integrity,
  };
}

/** A line that was cut off was never said. */
export function completeLines(text: string): string[] {
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '');
}

/** What processes that were killed left in the folder, held against what they had said. */
export async function tallyKills(folder: string, kills: number, said: readonly string[]): Promise<Tally> {
  const store = await openSqliteStore(join(folder, 'cadre.db'));
  try {
    return await count(store, folder, kills, said);
  } finally {
    await store.close();
  }
}

async function count(store: Store, folder: string, kills: number, said: readonly string[]): Promise<Tally> {
  const journals = await readJournals(store);
  const performed = completeLines(readFileSync(join(folder, 'world'), 'utf8'));
  const all = [...journals.values()].flat();
  const started = new Set(
    [...journals].flatMap(([id, events]) =>
      events.flatMap((event) =>
        event.type === 'step.started' ? [`${id} ${event.step} ${event.attempt}`] : [],
      ),
    ),
  );
  const twice = performed.length - new Set(performed).size;
  return {
    kills,
    runs: journals.size,
    events: all.length,
    attempts: performed.length,
    takenOver: all.filter((event) => event.type === 'run.resumed').length,
    interrupted: all.filter((event) => event.type === 'step.interrupted').length,
    lost: said.filter((line) => isLost(line, journals)).length,
    unfinished: [...journals.values()].filter((events) => events.at(-1)?.type !== 'run.succeeded').length,
    unaccounted: twice + performed.filter((attempt) => !started.has(attempt)).length,
    repeated: [...journals.values()].reduce((sum, events) => sum + repeatedIn(events), 0),
    withoutEffects: await countWithoutEffects(store, journals),
    gaps: [...journals.values()].filter((events) => events.some((event, index) => event.number !== index + 1))
      .length,
    integrity: integrityOf(join(folder, 'cadre.db')),
  };
}

async function readJournals(store: Store): Promise<ReadonlyMap<string, readonly NumberedEvent[]>> {
  const journals = new Map<string, readonly NumberedEvent[]>();
  let cursor: string | undefined;
  do {
    const page = await store.runs.list(cursor === undefined ? {} : { cursor });
    for (const { id, status } of page.runs) {
      const events = await store.runs.readEvents(id, 0);
      journals.set(id, isOver(status) ? events : []);
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
  return journals;
}

function isLost(line: string, journals: ReadonlyMap<string, readonly NumberedEvent[]>): boolean {
  const [word, id = '', status] = line.split(' ');
  if (word === 'started') return !journals.has(id);
  return word === 'over' && journals.get(id)?.at(-1)?.type !== `run.${status}`;
}

/** Attempts of steps that had succeeded already. */
function repeatedIn(events: readonly NumberedEvent[]): number {
  const succeeded = new Set<string>();
  let repeated = 0;
  for (const event of events) {
    if (event.type === 'step.succeeded') succeeded.add(event.step);
    if (event.type === 'step.started' && succeeded.has(event.step)) repeated += 1;
  }
  return repeated;
}

async function countWithoutEffects(
  store: Store,
  journals: ReadonlyMap<string, readonly NumberedEvent[]>,
): Promise<number> {
  let without = 0;
  for (const [id, events] of journals) {
    const acted = new Set((await store.runs.readEffects(id)).map((one) => one.step));
    const attempted = new Set(events.flatMap((event) => (event.type === 'step.started' ? [event.step] : [])));
    without += events.filter(
      (event) => event.type === 'step.succeeded' && attempted.has(event.step) && !acted.has(event.step),
    ).length;
  }
  return without;
}

function integrityOf(path: string): string {
  const database = new DatabaseSync(path);
  const { integrity_check } = database.prepare('PRAGMA integrity_check').get() ?? {};
  database.close();
  return String(integrity_check);
}
