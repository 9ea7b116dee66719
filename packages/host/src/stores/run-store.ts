import { CadreError, type Workflow } from '@cadre/core/history';
import type { RunFilter, RunStore } from '../ports/store.ts';
import { change, type Database } from './database.ts';
import { GET_DEFINITION, PUT_DEFINITION } from './sql/definitions.ts';
import { FIND_DOCUMENT, PUT_DOCUMENT } from './sql/documents.ts';
import { putEffects, READ_EFFECTS } from './sql/effects.ts';
import { READ_EVENTS, readEvent } from './sql/events.ts';
import {
  appendEvents,
  createRun,
  FIND_KEY,
  FIND_RUN,
  LAST_NUMBER,
  listRuns,
  readRecord,
} from './sql/runs.ts';

const PAGE = 100;
const MOST_EVENTS = 10_000;

/** Runs whose keys are remembered; a run appends many times. */
const MOST_KEYS = 10_000;

export function createRunStore(database: Database): RunStore {
  const keys = new Map<string, number>();
  const remember = (id: string, key: number): number => {
    if (keys.size >= MOST_KEYS) keys.clear();
    keys.set(id, key);
    return key;
  };
  const findKey = async (id: string): Promise<number | undefined> => {
    const [row] = await database.read(FIND_KEY, [id]);
    return row === undefined ? undefined : remember(id, Number(row['key']));
  };
  const appendUnknown: RunStore['append'] = async (id, expected, events, fence) => {
    const key = await findKey(id);
    if (key === undefined) return { ok: false, reason: 'conflict' };
    return database.write(() => appendEvents(key, expected, events, fence));
  };
  /** For what belongs to a run: writes nothing, and says so, when there is none. */
  const putBeside = async (sql: string, run: string, name: string, body: unknown) => {
    const text = JSON.stringify(body);
    const written = await database.write(function* () {
      return (yield change(sql, run, name, text)).changes;
    });
    if (written === 0) throw noRun(run);
  };
  return {
    async putDefinition(hash, workflow, at) {
      const text = JSON.stringify(workflow);
      await database.write(function* () {
        yield change(PUT_DEFINITION, hash, text, at);
      });
    },
    async getDefinition(hash) {
      const [row] = await database.read(GET_DEFINITION, [hash]);
      if (row === undefined)
        throw new CadreError('not_found', `no definition with the hash ${hash} is stored`);
      return JSON.parse(String(row['workflow'])) as Workflow;
    },
    async create(id, events) {
      const [created] = events;
      if (created?.type !== 'run.created') throw new Error(`bug: run ${id} does not begin with run.created`);
      const key = await database.write(() => createRun(id, created, events));
      if (key === undefined) throw new CadreError('exists', `there is a run ${id} already`);
      remember(id, key);
    },
    append(id, expected, events, fence) {
      const key = keys.get(id);
      return key === undefined
        ? appendUnknown(id, expected, events, fence)
        : database.write(() => appendEvents(key, expected, events, fence));
    },
    async find(id) {
      const [row] = await database.read(FIND_RUN, [id]);
      return row === undefined ? undefined : readRecord(row);
    },
    async list(filter) {
      const limit = filter.limit ?? PAGE;
      // One more than asked for tells whether there is a further page.
      const { sql, parameters } = listRuns(filter, cursorOf(filter), limit + 1);
      const rows = await database.read(sql, parameters);
      const page = rows.slice(0, limit);
      const last = page.at(-1);
      return {
        runs: page.map(readRecord),
        ...(rows.length > limit && last !== undefined ? { cursor: String(last['key']) } : {}),
      };
    },
    async readEvents(id, after, limit = MOST_EVENTS) {
      return (await database.read(READ_EVENTS, [id, after, limit])).map(readEvent);
    },
    async lastNumber(id) {
      const [row] = await database.read(LAST_NUMBER, [id]);
      return Number(row?.['number'] ?? 0);
    },
    async putEffects(id, step, effects) {
      if (!(await database.write(() => putEffects(id, step, effects)))) throw noRun(id);
    },
    async readEffects(id) {
      const rows = await database.read(READ_EFFECTS, [id]);
      return rows.map((row) => ({
        step: String(row['step']),
        effects: JSON.parse(String(row['effects'])) as unknown[],
      }));
    },
    putDocument: (id, name, document) => putBeside(PUT_DOCUMENT, id, name, document),
    async findDocument(id, name) {
      const [row] = await database.read(FIND_DOCUMENT, [id, name]);
      return row === undefined ? undefined : JSON.parse(String(row['document']));
    },
  };
}

function noRun(run: string): CadreError {
  return new CadreError('run_not_found', `there is no run ${run}`);
}

function cursorOf(filter: RunFilter): number {
  if (filter.cursor === undefined) return Number.MAX_SAFE_INTEGER;
  const key = Number(filter.cursor);
  if (Number.isSafeInteger(key) && key > 0) return key;
  throw new CadreError('invalid_input', `'${filter.cursor}' is no cursor of a list of runs`, {
    hint: 'use the cursor that came with the page before, or none',
  });
}
