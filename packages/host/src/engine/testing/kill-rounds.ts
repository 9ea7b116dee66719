import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { isOver, type NumberedEvent } from '@cadre/core';
import type { Store } from '../../ports/store.ts';
import { openSqliteStore } from '../../stores/open-sqlite-store.ts';

const CHILD = fileURLToPath(new URL('./kill-child.ts', import.meta.url));

/** From when it is ready, a process lives at most so long. */
const LONGEST_LIFE_MS = 150;

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

/** Kills a process that runs workflows, `kills` times at a moment that nobody chose, lets the last one finish, and counts. */
export async function killRounds(folder: string, kills: number, random: () => number): Promise<Tally> {
  const said: string[] = [];
  for (let round = 0; round < kills; round++) said.push(...(await live(folder, random() * LONGEST_LIFE_MS)));
  said.push(...(await live(folder, undefined)));
  const store = await openSqliteStore(join(folder, 'cadre.db'));
  try {
    return await count(store, folder, kills, said);
  } finally {
    await store.close();
  }
}

/** What the process said before it was killed. Without a time it lives until it has finished, which must go well. */
function live(folder: string, lifeMs: number | undefined): Promise<string[]> {
  const task = lifeMs === undefined ? 'finish' : 'work';
  const child = spawn(process.execPath, [CHILD, folder, task], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  let timer: NodeJS.Timeout | undefined;
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
    if (lifeMs !== undefined) timer ??= setTimeout(() => child.kill('SIGKILL'), lifeMs);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (lifeMs === undefined ? code === 0 : signal === 'SIGKILL') resolve(completeLines(text));
      else reject(new Error(`the process ended by itself with ${code ?? signal}`));
    });
  });
}

/** A line that was cut off was never said. */
function completeLines(text: string): string[] {
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '');
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
