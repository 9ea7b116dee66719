import { hostname } from 'node:os';
import { isRunning } from '@cadre/kit/files';
import type { SnapshotAttempt } from '../ports/snapshots.ts';
import { endHeartbeat, lastBeat } from './heartbeat.ts';
import type { Window } from './run-changes.ts';
import type { SnapshotDatabase } from './snapshot-database.ts';

export interface ThisProcess {
  readonly pid: number;
  readonly start: string;
}

interface WindowRow {
  readonly id: number;
  readonly run: string;
  readonly step: string;
  readonly place: string;
  readonly pid: number;
  readonly process_start: string;
  readonly began: number;
  readonly ended: number | null;
  readonly last_alive: number | null;
}

/** A process of another machine cannot be looked up: it is dead when it has said nothing for so long. */
const SILENT_MS = 30_000;

export function insertWindow(
  database: SnapshotDatabase,
  { run, step, attempt }: SnapshotAttempt,
  began: number,
  { pid, start }: ThisProcess,
): number {
  return database.run(
    'INSERT INTO windows (run, step, attempt, place, pid, process_start, began) VALUES (?, ?, ?, ?, ?, ?, ?)',
    run,
    step,
    attempt,
    hostname(),
    pid,
    start,
    began,
  ).id;
}

export function endWindows(database: SnapshotDatabase, windows: Iterable<number>, ended: number): void {
  for (const id of windows) database.run('UPDATE windows SET ended = ? WHERE id = ?', ended, id);
}

/** Whether no other step was performed in any moment of this window, which may have ended just now. */
export function isAlone(database: SnapshotDatabase, id: number): boolean {
  const others = database.all(
    `SELECT 1 FROM windows AS own JOIN windows AS other ON other.id <> own.id
     WHERE own.id = ? AND (other.ended IS NULL OR other.ended > own.began) AND other.began < own.ended LIMIT 1`,
    id,
  );
  return others.length === 0;
}

/** Ends the windows of processes that are gone with this look, and notes when they were last known to live. */
export async function endLostWindows(
  database: SnapshotDatabase,
  folder: string,
  look: { readonly number: number; readonly at: number },
): Promise<void> {
  for (const { id, place, pid, process_start } of openWindows(database)) {
    const beat = lastBeat(folder, id);
    const isGone =
      place === hostname() ? !(await isRunning(pid, process_start)) : look.at - (beat ?? 0) > SILENT_MS;
    if (!isGone) continue;
    // Without a beat it died in the moment between its look and its first one.
    const alive = Math.round(beat ?? timeOfLook(database, id));
    database.run('UPDATE windows SET ended = ?, last_alive = ? WHERE id = ?', look.number, alive, id);
    endHeartbeat(folder, id);
  }
}

function openWindows(database: SnapshotDatabase): WindowRow[] {
  return database.all<WindowRow>('SELECT * FROM windows WHERE ended IS NULL');
}

function timeOfLook(database: SnapshotDatabase, window: number): number {
  const [row] = database.all<{ at: number }>(
    'SELECT looks.at FROM windows JOIN looks ON looks.number = windows.began WHERE windows.id = ?',
    window,
  );
  return row?.at ?? 0;
}

/** The windows of one run, in the order of the looks. */
export function windowsOf(database: SnapshotDatabase, run: string): Window[] {
  const rows = database.all<WindowRow>('SELECT * FROM windows WHERE run = ? ORDER BY began, id', run);
  return rows.map(({ step, began, ended, last_alive }) => ({
    run,
    step,
    began,
    ...(ended === null ? {} : { ended }),
    ...(last_alive === null ? {} : { lastAlive: last_alive }),
  }));
}
