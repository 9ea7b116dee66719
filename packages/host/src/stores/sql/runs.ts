import type { RunEvent, RunStatus } from '@cadre/core';
import type { Appended, RunFilter, RunRecord } from '../../ports/store.ts';
import { type Row, type Script, type SqlValue, type Statement, statement } from '../database.ts';
import { insertEvents } from './events.ts';
import { type Progress, progressOf } from './progress.ts';

const COLUMNS = `key, id, workflow, definition, mode, status, principal, created_at, started_at, ended_at, number,
  failure_code`;

export const FIND_RUN = `SELECT ${COLUMNS} FROM runs WHERE id = ?1`;

export const LAST_NUMBER = 'SELECT number FROM runs WHERE id = ?1';

/** `undefined`: there is a run with this id already. */
export function* createRun(
  id: string,
  created: Extract<RunEvent, { type: 'run.created' }>,
  events: readonly RunEvent[],
): Script<number | undefined> {
  const [row] = yield statement(
    `INSERT INTO runs (id, workflow, definition, mode, status, principal, created_at, number)
     VALUES (?1, ?2, ?3, ?4, 'queued', ?5, ?6, ?7) ON CONFLICT (id) DO NOTHING RETURNING key`,
    id,
    created.workflow,
    created.definition,
    created.mode,
    created.principal,
    created.at,
    events.length,
  );
  if (row === undefined) return undefined;
  const key = Number(row['key']);
  yield* insertEvents(key, 1, events);
  yield* putProgress(key, progressOf({ status: 'queued', questions: [] }, events));
  return key;
}

/**
 * One statement is fence, lock and record: it finds the run only when nobody else has appended, it is not over, and the
 * lease is still held.
 */
const ADVANCE = `UPDATE runs SET number = ?3 WHERE id = ?1 AND number = ?2 AND ended_at IS NULL RETURNING key, status, questions`;
const ADVANCE_FENCED = `UPDATE runs SET number = ?3 WHERE id = ?1 AND number = ?2 AND ended_at IS NULL
  AND EXISTS (SELECT 1 FROM leases WHERE name = ?4 AND token = ?5) RETURNING key, status, questions`;

export function* appendEvents(
  id: string,
  expected: number,
  events: readonly RunEvent[],
  fence: { readonly lease: string; readonly token: number } | undefined,
): Script<Appended> {
  const number = expected + events.length;
  const [row] = yield fence === undefined
    ? statement(ADVANCE, id, expected, number)
    : statement(ADVANCE_FENCED, id, expected, number, fence.lease, fence.token);
  if (row === undefined) return yield* whyNot(id, expected);
  const key = Number(row['key']);
  yield* insertEvents(key, expected + 1, events);
  const before = {
    status: row['status'] as RunStatus,
    questions: JSON.parse(String(row['questions'] ?? '[]')) as string[],
  };
  yield* putProgress(key, progressOf(before, events));
  return { ok: true, number };
}

function* whyNot(id: string, expected: number): Script<Appended> {
  const [row] = yield statement('SELECT number, ended_at FROM runs WHERE id = ?1', id);
  if (row !== undefined && row['ended_at'] !== null) return { ok: false, reason: 'run_over' };
  return { ok: false, reason: row?.['number'] === expected ? 'lease_lost' : 'conflict' };
}

/** Last of all, because a run that is over takes no more events. */
function* putProgress(key: number, progress: Progress | undefined): Script<void> {
  if (progress === undefined) return;
  yield statement(
    `UPDATE runs SET status = ?2, started_at = coalesce(started_at, ?3), ended_at = ?4, failure_code = ?5, questions = ?6
     WHERE key = ?1`,
    key,
    progress.status,
    progress.startedAt ?? null,
    progress.endedAt ?? null,
    progress.failureCode ?? null,
    progress.questions.length === 0 ? null : JSON.stringify(progress.questions),
  );
}

const MODES = ['apply', 'plan'] as const;
const ALL: readonly RunStatus[] = [
  'queued',
  'running',
  'waiting',
  'cancelling',
  'succeeded',
  'failed',
  'cancelled',
  'timed_out',
];

/**
 * Newest first, from `before` (exclusive). With a filter, one range of an index for each mode and status, each read as
 * far as the page goes and then merged: the cost depends on the page and not on how many runs there are.
 */
export function listRuns(filter: RunFilter, before: number, limit: number): Statement {
  const { workflow, status, mode } = filter;
  if (workflow === undefined && status === undefined && mode === undefined) {
    return statement(`SELECT ${COLUMNS} FROM runs WHERE key < ?1 ORDER BY key DESC LIMIT ?2`, before, limit);
  }
  const modes = mode === undefined ? MODES : [mode];
  const ranges = modes.flatMap((each) => (status ?? ALL).map((one) => [each, one] as const));
  const parameters: SqlValue[] = [before, limit, ...(workflow === undefined ? [] : [workflow])];
  const selects = ranges.map(([eachMode, eachStatus]) => {
    parameters.push(eachMode, eachStatus);
    const last = parameters.length;
    return `SELECT * FROM (SELECT ${COLUMNS} FROM runs WHERE ${workflow === undefined ? '' : 'workflow = ?3 AND '}
      mode = ?${last - 1} AND status = ?${last} AND key < ?1 ORDER BY key DESC LIMIT ?2)`;
  });
  const sql = `${selects.join(' UNION ALL ')} ORDER BY key DESC LIMIT ?2`;
  return { sql, parameters };
}

export function readRecord(row: Row): RunRecord {
  return {
    id: String(row['id']),
    workflow: String(row['workflow']),
    definition: String(row['definition']),
    mode: row['mode'] as RunRecord['mode'],
    status: row['status'] as RunStatus,
    principal: String(row['principal']),
    createdAt: Number(row['created_at']),
    ...(row['started_at'] === null ? {} : { startedAt: Number(row['started_at']) }),
    ...(row['ended_at'] === null ? {} : { endedAt: Number(row['ended_at']) }),
    number: Number(row['number']),
    ...(row['failure_code'] === null ? {} : { failureCode: String(row['failure_code']) }),
  };
}
