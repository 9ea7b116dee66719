import { EVENT_VERSION, isMarked, type RunEvent, type RunStatus, valueText } from '@cadre/core';
import type { Alongside, Turn, Writing } from '../ports/shared-journal.ts';
import type { Appended } from '../ports/store.ts';
import { together } from '../ports/together.ts';
import { bigintArray, textArray } from '../ports/wire-array.ts';
import { type Client, prepared } from './postgres-sessions.ts';
import { originOf, type Progress, profileOf, progressOf, QUEUED } from './sql/progress.ts';
import { headOf, waitsOf } from './sql/waits.ts';
import { newsOf } from './turn-news.ts';

/** A run as its row says while it is locked, and as the turns of this commit leave it. */
interface Row {
  readonly key: number;
  number: number;
  progress: Progress;
  wakeAt: number | null;
  changed: boolean;
}

export const NOTHING_BESIDE: Writing = { sent: true, lines: Promise.resolve([]) };

/**
 * What becomes of the turns of one commit, and when all of it is written: the commit may be sent before.
 * Invariants
 * 1. A turn is kept only if its run has the number that it expects and is not over: its row is locked until the commit.
 * 2. Rows are locked in the order of their keys, so that two commits are never in each other's way.
 */
export async function writeTurns<Beside>(
  client: Client,
  alongside: Alongside<Beside>,
  turns: readonly Turn<Beside>[],
  tellOthers: (lines: readonly string[]) => Promise<void>,
): Promise<{ readonly outcomes: readonly Appended[]; readonly written: Promise<unknown> }> {
  const [rows, created] = await together(lockRuns(client, turns), createRuns(client, turns));
  const kept: { readonly turn: Turn<Beside>; readonly row: Row }[] = [];
  const outcomes = turns.map((turn): Appended => {
    const row = turn.expected === 0 ? created.get(turn) : rows.get(turn.run);
    const refused = refusal(turn, row);
    if (refused !== undefined || row === undefined) return refused ?? { ok: false, reason: 'conflict' };
    if (turn.expected > 0) advanceRow(row, turn);
    kept.push({ turn, row });
    return { ok: true, number: turn.expected + turn.events.length };
  });
  const beside = [
    ...turns.flatMap(({ anyway }) => (anyway === undefined ? [] : [anyway])),
    ...kept.flatMap(({ turn }) => (turn.beside === undefined ? [] : [turn.beside])),
  ];
  const changed = [...rows.values(), ...created.values()].filter((row) => row.changed);
  // First the events, because a run that is over takes no more.
  const events = insertEvents(client, kept);
  const records = updateRuns(client, changed);
  const writing = beside.length === 0 ? NOTHING_BESIDE : alongside(asTransaction(client), beside);
  const told = tellOthers(kept.flatMap(({ turn }) => newsOf(turn)));
  const written = together(events, records, writing.lines, noteWaits(client, kept), told);
  if (writing.sent) return { outcomes, written };
  // Most turns hand in nothing that others have to look for: then nothing more is waited for.
  const [, , lines] = await written;
  return { outcomes, written: tellOthers(lines) };
}

export function asTransaction(client: Client) {
  return { executeSql: (text: string, values?: unknown[]) => client.query(prepared(text, values ?? [])) };
}

/** Invariants 1 and 2. */
async function lockRuns(client: Client, turns: readonly Turn<unknown>[]): Promise<ReadonlyMap<string, Row>> {
  const ids = new Set(
    turns.filter(({ expected, events }) => expected > 0 && events.length > 0).map(({ run }) => run),
  );
  if (ids.size === 0) return new Map();
  const { rows } = await client.query(prepared(LOCK_RUNS, [textArray([...ids])]));
  return new Map(
    rows.map((row) => [
      row.id,
      {
        key: row.key,
        number: row.number,
        wakeAt: row.wake_at,
        changed: false,
        progress: {
          status: row.status as RunStatus,
          questions: JSON.parse(row.questions ?? '[]') as string[],
          ...(row.started_at === null ? {} : { startedAt: row.started_at }),
          ...(row.ended_at === null ? {} : { endedAt: row.ended_at }),
        },
      },
    ]),
  );
}

const LOCK_RUNS = `SELECT key, id, number, status, questions, started_at, ended_at, wake_at FROM runs
  WHERE id = ANY($1::text[]) ORDER BY key FOR NO KEY UPDATE`;

function refusal(turn: Turn<unknown>, row: Row | undefined): Appended | undefined {
  if (turn.events.length === 0) return { ok: true, number: turn.expected };
  if (row === undefined) return { ok: false, reason: 'conflict' };
  if (turn.expected === 0) return undefined;
  if (row.progress.endedAt !== undefined) return { ok: false, reason: 'run_over' };
  return row.number === turn.expected ? undefined : { ok: false, reason: 'conflict' };
}

function advanceRow(row: Row, { events, wakeAt }: Turn<unknown>): void {
  row.number += events.length;
  row.progress = progressOf(row.progress, events) ?? row.progress;
  row.wakeAt = row.progress.endedAt === undefined ? (wakeAt ?? null) : null;
  row.changed = true;
}

async function createRuns<Beside>(
  client: Client,
  turns: readonly Turn<Beside>[],
): Promise<ReadonlyMap<Turn<Beside>, Row>> {
  const beginning = turns.filter(({ expected, events }) => expected === 0 && events.length > 0);
  if (beginning.length === 0) return new Map();
  const all = beginning.map((turn) => ({ turn, ...beginningOf(turn) }));
  const { rows } = await client.query(
    prepared(CREATE_RUNS, [
      textArray(all.map(({ turn }) => turn.run)),
      textArray(all.map(({ created }) => created.workflow)),
      textArray(all.map(({ created }) => created.definition)),
      textArray(all.map(({ created }) => created.mode)),
      textArray(all.map(({ progress }) => progress.status)),
      textArray(all.map(({ created }) => created.principal)),
      bigintArray(all.map(({ created }) => created.at)),
      bigintArray(all.map(({ progress }) => progress.startedAt ?? null)),
      bigintArray(all.map(({ turn }) => turn.events.length)),
      textArray(all.map(({ progress }) => questionsText(progress))),
      bigintArray(all.map(({ turn }) => turn.wakeAt ?? null)),
      textArray(all.map(({ created }) => profileOf(created))),
      textArray(all.map(({ created }) => created.commit ?? null)),
      textArray(all.map(({ created }) => originOf(created))),
    ]),
  );
  const keys = new Map<string, number>(rows.map(({ id, key }) => [id, key]));
  const found = new Map<Turn<Beside>, Row>();
  for (const { turn, progress } of all) {
    const key = keys.get(turn.run);
    if (key === undefined) continue;
    // Of two turns that begin the same run one does.
    keys.delete(turn.run);
    // One that ends as it begins is written as running first, so that its events can be.
    const over = progress.endedAt !== undefined;
    const wakeAt = over ? null : (turn.wakeAt ?? null);
    found.set(turn, { key, number: turn.events.length, progress, wakeAt, changed: over });
  }
  return found;
}

function beginningOf({ run, events }: Turn<unknown>) {
  const [created] = events;
  if (created?.type !== 'run.created') throw new Error(`bug: run ${run} does not begin with run.created`);
  return { created, progress: progressOf(QUEUED, events) ?? QUEUED };
}

const CREATE_RUNS = `INSERT INTO runs
    (id, workflow, definition, mode, status, principal, created_at, started_at, number, questions, wake_at, profile,
    commit_at, origin)
  SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[],
    $9::bigint[], $10::text[], $11::bigint[], $12::text[], $13::text[], $14::text[])
  ON CONFLICT (id) DO NOTHING RETURNING id, key`;

async function insertEvents(
  client: Client,
  kept: readonly { readonly turn: Turn<unknown>; readonly row: Row }[],
): Promise<void> {
  const keys: number[] = [];
  const numbers: number[] = [];
  const texts: string[] = [];
  for (const { turn, row } of kept) {
    turn.events.forEach((event: RunEvent, index) => {
      keys.push(row.key);
      numbers.push(turn.expected + index + 1);
      texts.push(valueText(event));
    });
  }
  if (keys.length === 0) return;
  const version = texts.some(isMarked) ? EVENT_VERSION.marked : EVENT_VERSION.plain;
  await client.query(
    prepared(INSERT_EVENTS, [bigintArray(keys), bigintArray(numbers), textArray(texts), version]),
  );
}

const INSERT_EVENTS = `INSERT INTO events (run, number, version, event)
  SELECT run, number, $4::int, event FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS new (run, number, event)`;

async function noteWaits(
  client: Client,
  kept: readonly { readonly turn: Turn<unknown>; readonly row: Row }[],
): Promise<void> {
  const all = kept.flatMap(({ turn, row }) => {
    const waits = waitsOf(turn.events);
    return waits === undefined ? [] : [{ key: row.key, ...waits }];
  });
  if (all.length === 0) return;
  const over = all.flatMap(({ key, over }) => over.map((step) => ({ key, step })));
  const begun = all.flatMap(({ key, begun }) => begun.map((wait) => ({ key, ...wait })));
  // Both sent at once: a commit may follow that waits for neither.
  await together(
    client.query(prepared(FORGET_WAITS, [over.map(({ key }) => key), over.map(({ step }) => step)])),
    client.query(
      prepared(PUT_WAITS, [
        begun.map(({ key }) => key),
        begun.map(({ step }) => step),
        begun.map(({ topic }) => headOf(topic)),
        begun.map(({ topic }) => topic),
      ]),
    ),
  );
}

const FORGET_WAITS = `DELETE FROM waits USING unnest($1::bigint[], $2::text[]) AS old (run, step)
  WHERE waits.run = old.run AND waits.step = old.step`;

const PUT_WAITS = `INSERT INTO waits (run, step, head, topic)
  SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[])
  ON CONFLICT (run, step) DO UPDATE SET head = excluded.head, topic = excluded.topic`;

async function updateRuns(client: Client, rows: readonly Row[]): Promise<void> {
  if (rows.length === 0) return;
  await client.query(
    prepared(UPDATE_RUNS, [
      bigintArray(rows.map(({ key }) => key)),
      bigintArray(rows.map(({ number }) => number)),
      textArray(rows.map(({ progress }) => progress.status)),
      bigintArray(rows.map(({ progress }) => progress.startedAt ?? null)),
      bigintArray(rows.map(({ progress }) => progress.endedAt ?? null)),
      textArray(rows.map(({ progress }) => progress.failureCode?.replaceAll('\0', '\uFFFD') ?? null)),
      textArray(rows.map(({ progress }) => questionsText(progress))),
      bigintArray(rows.map(({ wakeAt }) => wakeAt)),
    ]),
  );
}

const UPDATE_RUNS = `UPDATE runs SET number = new.number, status = new.status, started_at = new.started_at,
    ended_at = new.ended_at, failure_code = new.failure_code, questions = new.questions, wake_at = CASE WHEN runs.mode = 'apply' THEN new.wake_at END
  FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::bigint[])
    AS new (key, number, status, started_at, ended_at, failure_code, questions, wake_at)
  WHERE runs.key = new.key`;

function questionsText({ questions }: Progress): string | null {
  return questions.length === 0 ? null : JSON.stringify(questions);
}
