import { CadreError, type RunState, type RunStatus } from '@cadre/core/history';
import { apply } from '@cadre/core/replay';
import type { Envelope, Extension } from '@cadre/sdk';
import type { RunRecord, Store } from '../ports/store.ts';
import { openStreamReader } from './read-stream.ts';

/** What a stream's events say, made anew of nothing but them. */
export interface Replayed {
  readonly stream: string;
  readonly events: number;
  /** Of a run: what its events make of it. */
  readonly run?: {
    readonly status: RunStatus;
    readonly number: number;
    readonly steps: Readonly<Record<string, number>>;
  };
  /** Of partial results: how they ended, and their size. */
  readonly extension?: { readonly pieces: number; readonly bytes: number; readonly end?: string };
  /** Where the events and what is stored beside them do not say the same; empty: they do. */
  readonly differences: readonly string[];
}

/**
 * Reads a stream from its first event, and tells those from number `from` on. The state of a run is made anew and compared with
 * what is stored of it. Throws `not_found`, `run_not_found`.
 */
export async function replayStream(
  store: Store,
  workspace: string,
  stream: string,
  told: (event: Envelope) => void,
): Promise<Replayed> {
  const reader = await openStreamReader(store, workspace, stream, 0);
  const run = await replayRun(store, stream);
  const differences: string[] = [];
  let last = 0;
  let events = 0;
  let extension: Replayed['extension'];
  for (;;) {
    const next = await reader.next();
    for (const event of next.events) {
      // What was emitted and what triggers did goes by age, from the front.
      if (last > 0 && event.number !== last + 1) {
        differences.push(`after number ${last} comes ${event.number}`);
      }
      last = event.number;
      events += 1;
      if (event.topic === 'step.extended') extension = grown(extension, event.data as unknown as Extension);
      told(event);
    }
    if (!next.more) break;
  }
  if (events === 0) throw new CadreError('not_found', `${stream} has no events`);
  return {
    stream,
    events,
    ...(run === undefined ? {} : { run: summaryOf(run.state) }),
    ...(extension === undefined ? {} : { extension }),
    differences: [...differences, ...(run === undefined ? [] : differencesOf(run.state, run.record))],
  };
}

const PAGE = 10_000;

async function replayRun(
  { runs }: Store,
  run: string,
): Promise<{ readonly state: RunState; readonly record: RunRecord } | undefined> {
  const record = await runs.find(run);
  if (record === undefined) return undefined;
  let state: RunState | undefined;
  for (;;) {
    const events = await runs.readEvents(run, state?.number ?? 0, PAGE);
    for (const event of events) state = apply(state, event);
    if (events.length < PAGE) break;
  }
  if (state === undefined) return undefined;
  // It may have gone on while it was read.
  const now = state.number > record.number ? await runs.find(run) : record;
  return { state, record: now ?? record };
}

function summaryOf(state: RunState): NonNullable<Replayed['run']> {
  const steps: Record<string, number> = {};
  for (const [path, { status }] of state.steps) {
    // The workflow's own list is no step.
    if (path !== '') steps[status] = (steps[status] ?? 0) + 1;
  }
  return { status: state.status, number: state.number, steps };
}

/** What lists say of a run follows from its events: each of these is written with them. */
function differencesOf(state: RunState, record: RunRecord): string[] {
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    ['number', state.number, record.number],
    ['status', statusOf(state), statusOf(record)],
    ['workflow', state.workflow, record.workflow],
    ['definition', state.definition, record.definition],
    ['mode', state.mode, record.mode],
    ['principal', state.principal, record.principal],
    ['createdAt', state.createdAt, record.createdAt],
    ['startedAt', state.startedAt, record.startedAt],
    ['endedAt', state.endedAt, record.endedAt],
    ['failure', state.failure?.code, record.failureCode],
  ];
  return pairs
    .filter(([, made, stored]) => made !== stored)
    .map(
      ([name, made, stored]) => `${name}: its events say ${String(made)}, the store says ${String(stored)}`,
    );
}

/** The record counts a run as waiting as soon as one step does. */
function statusOf({ status }: { readonly status: RunStatus }): string {
  return status === 'running' || status === 'waiting' ? 'going on' : status;
}

function grown(before: Replayed['extension'], said: Extension): NonNullable<Replayed['extension']> {
  const { pieces } = before ?? { pieces: 0 };
  if ('end' in said) return { pieces, bytes: said.offset, end: said.end };
  return { pieces: pieces + 1, bytes: said.offset };
}
