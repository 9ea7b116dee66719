import { RUN_STATUSES, type RunEvent, type RunStatus } from '@cadre/core/history';
import type { Appended, RunFilter, RunRecord } from '../../ports/store.ts';
import { change, query, type Row, type Script, type SqlValue, type Statement } from '../database.ts';
import { insertEvents } from './events.ts';
import { originOf, type Progress, profileOf, progressOf, QUEUED } from './progress.ts';
import { noteWaits } from './waits.ts';

const COLUMNS = `key, id, workflow, definition, mode, status, principal, created_at, started_at, ended_at, number,
  failure_code, profile, commit_at, commit_made, changes`;

export const FIND_RUN = `SELECT ${COLUMNS} FROM runs WHERE id = ?1`;

export const LAST_NUMBER = 'SELECT number FROM runs WHERE id = ?1';

/** The run's key; `undefined`: there is a run with this id already. */
export function* createRun(
  id: string,
  created: Extract<RunEvent, { type: 'run.created' }>,
  events: readonly RunEvent[],
): Script<number | undefined> {
  const progress = progressOf(QUEUED, events) ?? QUEUED;
  const [row] = (yield query(
    `INSERT INTO runs
       (id, workflow, definition, mode, principal, created_at, number, status, started_at, questions, profile, commit_at,
       origin)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) ON CONFLICT (id) DO NOTHING RETURNING key`,
    id,
    created.workflow,
    created.definition,
    created.mode,
    created.principal,
    created.at,
    events.length,
    progress.status,
    progress.startedAt ?? null,
    questionsText(progress),
    profileOf(created),
    created.commit ?? null,
    originOf(created),
  )).rows;
  if (row === undefined) return undefined;
  const key = Number(row['key']);
  yield* insertEvents(key, 1, events);
  yield* noteWaits(key, events);
  if (progress.endedAt !== undefined) yield putProgress(key, progress);
  return key;
}

export const FIND_KEY = 'SELECT key FROM runs WHERE id = ?1';

/**
 * One statement is fence, lock and record: it finds the run only when nobody else has appended, it is not over, and the
 * lease is still held: no two leases ever have the same token.
 */
const ADVANCE = 'UPDATE runs SET number = ?3 WHERE key = ?1 AND number = ?2 AND ended_at IS NULL';
const ADVANCE_FENCED = `${ADVANCE} AND EXISTS (SELECT 1 FROM leases WHERE token = ?4)`;

export function* appendEvents(
  key: number,
  expected: number,
  events: readonly RunEvent[],
  fence: { readonly lease: string; readonly token: number } | undefined,
): Script<Appended> {
  const number = expected + events.length;
  const { changes } = yield fence === undefined
    ? change(ADVANCE, key, expected, number)
    : change(ADVANCE_FENCED, key, expected, number, fence.token);
  if (changes === 0) return yield* whyNot(key, expected);
  yield* insertEvents(key, expected + 1, events);
  yield* noteWaits(key, events);
  // Last, because a run that is over takes no more events.
  const progress = progressOf(QUEUED, events);
  if (progress?.endedAt !== undefined) yield putProgress(key, progress);
  else if (progress !== undefined) yield* updateProgress(key, events);
  return { ok: true, number };
}

function* whyNot(key: number, expected: number): Script<Appended> {
  const [row] = (yield query('SELECT number, ended_at FROM runs WHERE key = ?1', key)).rows;
  if (row !== undefined && row['ended_at'] !== null) return { ok: false, reason: 'run_over' };
  return { ok: false, reason: row?.['number'] === expected ? 'lease_lost' : 'conflict' };
}

/** Unless it ends, what a run's record says depends on what it said before. */
function* updateProgress(key: number, events: readonly RunEvent[]): Script<void> {
  const [row] = (yield query('SELECT status, questions FROM runs WHERE key = ?1', key)).rows;
  const before = {
    status: row?.['status'] as RunStatus,
    questions: JSON.parse(String(row?.['questions'] ?? '[]')) as string[],
  };
  const progress = progressOf(before, events);
  if (progress !== undefined) yield putProgress(key, progress);
}

function putProgress(key: number, progress: Progress): Statement {
  return change(
    `UPDATE runs SET status = ?2, started_at = coalesce(started_at, ?3), ended_at = ?4, failure_code = ?5, questions = ?6
     WHERE key = ?1`,
    key,
    progress.status,
    progress.startedAt ?? null,
    progress.endedAt ?? null,
    progress.failureCode ?? null,
    questionsText(progress),
  );
}

function questionsText({ questions }: Progress): string | null {
  return questions.length === 0 ? null : JSON.stringify(questions);
}

const MODES = ['apply', 'plan'] as const;

/**
 * Newest first, from `before` (exclusive). With a filter, one range of an index for each mode and status, each read as
 * far as the page goes and then merged: the cost depends on the page and not on how many runs there are.
 */
export function listRuns(filter: RunFilter, before: number, limit: number): Statement {
  const { workflow, status, mode } = filter;
  if (workflow === undefined && status === undefined && mode === undefined) {
    return query(`SELECT ${COLUMNS} FROM runs WHERE key < ?1 ORDER BY key DESC LIMIT ?2`, before, limit);
  }
  const modes = mode === undefined ? MODES : [mode];
  const ranges = modes.flatMap((each) => (status ?? RUN_STATUSES).map((one) => [each, one] as const));
  const parameters: SqlValue[] = [before, limit, ...(workflow === undefined ? [] : [workflow])];
  const selects = ranges.map(([eachMode, eachStatus]) => {
    parameters.push(eachMode, eachStatus);
    const last = parameters.length;
    return `SELECT * FROM (SELECT ${COLUMNS} FROM runs WHERE ${workflow === undefined ? '' : 'workflow = ?3 AND '}
      mode = ?${last - 1} AND status = ?${last} AND key < ?1 ORDER BY key DESC LIMIT ?2) AS range${last}`;
  });
  const sql = `${selects.join(' UNION ALL ')} ORDER BY key DESC LIMIT ?2`;
  return { sql, parameters, rows: true };
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
    ...(row['profile'] === null ? {} : { profile: String(row['profile']) }),
    ...(row['commit_at'] === null ? {} : { commit: String(row['commit_at']) }),
    ...(row['commit_made'] === null ? {} : { madeCommit: String(row['commit_made']) }),
    changes: Number(row['changes']),
  };
}
