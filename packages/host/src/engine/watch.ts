import { CadreError, isOver, type NumberedEvent, type RunEvent } from '@cadre/core/history';
import type { NumberedLogLine } from '../ports/log-store.ts';
import type { Store } from '../ports/store.ts';
import type { Feed, StepProgress } from './feed.ts';
import { keepAlive } from './keep-alive.ts';

/** What somebody who watches a run is told. Progress is never kept: only who watches in the same process sees it. */
export type Watched =
  | { readonly kind: 'event'; readonly event: NumberedEvent }
  | { readonly kind: 'log'; readonly line: NumberedLogLine }
  | ({ readonly kind: 'progress' } & StepProgress);

const PAGE = 1_000;

interface Options {
  readonly store: Store;
  readonly feed: Feed;
  readonly run: string;
  /** Number of the last event that is known already. */
  readonly after: number;
  readonly signal: AbortSignal | undefined;
  /** Throws when this process had the run and could not go on with it. */
  readonly check: () => void;
}

/**
 * The events of a run in order, each once, and what its steps say, from whatever process they come; ends with the run,
 * with the signal, and with the engine. Throws `run_not_found`.
 */
export async function* watchRun(options: Options): AsyncGenerator<Watched> {
  const { store, feed, run, signal } = options;
  const record = await store.runs.find(run);
  if (record === undefined) throw new CadreError('run_not_found', `there is no run ${run}`);
  if (isOver(record.status) && record.number <= options.after) return;
  const listener = feed.listen(run);
  const letProcessEnd = keepAlive();
  const known = { event: options.after, line: await lastLineBefore(options), end: false };
  try {
    for (;;) {
      // First the events: a line is stored before what came of its step, so it is never told after that.
      const events = await store.runs.readEvents(run, known.event, PAGE);
      const lines = await store.logs.read(run, known.line, PAGE);
      known.event = events.at(-1)?.number ?? known.event;
      known.line = lines.at(-1)?.number ?? known.line;
      known.end ||= events.some(endsRun);
      yield* inOrderOfTime(events, lines);
      for (const news of listener.takeProgress()) yield { kind: 'progress', ...news };
      const more = events.length === PAGE || lines.length === PAGE;
      if (!more && known.end) return;
      if (signal?.aborted === true || feed.closed) return;
      options.check();
      if (!more) await listener.news(signal);
    }
  } finally {
    letProcessEnd();
    listener.close();
  }
}

/** Who knows the first events knows the lines of that time as well. */
async function lastLineBefore({ store, run, after }: Options): Promise<number> {
  const [event] = after === 0 ? [] : await store.runs.readEvents(run, after - 1, 1);
  let last = 0;
  while (event !== undefined) {
    const lines = await store.logs.read(run, last, PAGE);
    const early = lines.filter((line) => line.at <= event.at);
    last = early.at(-1)?.number ?? last;
    if (early.length < PAGE) break;
  }
  return last;
}

function* inOrderOfTime(
  events: readonly NumberedEvent[],
  lines: readonly NumberedLogLine[],
): Generator<Watched> {
  let next = 0;
  for (const event of events) {
    for (let line = lines[next]; line !== undefined && isBefore(line, event); line = lines[next]) {
      yield { kind: 'log', line };
      next += 1;
    }
    yield { kind: 'event', event };
  }
  for (const line of lines.slice(next)) yield { kind: 'log', line };
}

/** Within one millisecond a step starts before it speaks, and speaks before it ends. */
function isBefore(line: NumberedLogLine, event: RunEvent): boolean {
  if (line.at !== event.at) return line.at < event.at;
  return 'step' in event && event.step === line.step && event.type !== 'step.started';
}

const ENDINGS: ReadonlySet<RunEvent['type']> = new Set([
  'run.succeeded',
  'run.failed',
  'run.cancelled',
  'run.timed_out',
]);

function endsRun(event: RunEvent): boolean {
  return ENDINGS.has(event.type);
}
