import { ENVELOPE_VERSION, type Envelope, type JsonObject } from '@cadre/sdk';
import type { NumberedEvent, RunEvent } from '../run/events.ts';
import { sha256 } from '../sha256.ts';

/** What must be known to make an envelope; the rest is made of it. */
export interface Told extends Partial<Pick<Envelope, 'run' | 'step' | 'actor'>> {
  readonly topic: string;
  readonly stream: string;
  readonly number: number;
  readonly workspace: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly data: JsonObject;
}

/** One event as everybody sees it. Pure: the same event gives the same envelope, on any process and at any time. */
export function envelopeOf(told: Told): Envelope {
  const { topic, stream, number, workspace, run = null, step = null, actor = null, at, data } = told;
  return {
    v: ENVELOPE_VERSION,
    id: `${stream}#${number}`,
    topic,
    stream,
    number,
    workspace,
    run,
    step,
    card: null,
    conversation: null,
    actor,
    time: new Date(at).toISOString(),
    trace: run === null ? null : traceOf(run),
    data,
  };
}

/** Who did these is whoever they name; what follows from them is done in the name of who started the run. */
const BY_SOMEBODY: ReadonlySet<RunEvent['type']> = new Set([
  'run.cancelling',
  'run.signalled',
  'step.delegated',
  'step.answered',
]);

/** An event of a run's journal. */
export function envelopeOfRunEvent(
  event: NumberedEvent,
  {
    run,
    principal,
    workspace,
  }: { readonly run: string; readonly principal: string; readonly workspace: string },
): Envelope {
  const { number, type, at, step, ...data } = event as NumberedEvent & { readonly step?: string };
  const by = BY_SOMEBODY.has(type) && 'by' in event ? String(event.by) : principal;
  return envelopeOf({
    topic: type,
    stream: run,
    number,
    workspace,
    run,
    step: step ?? null,
    actor: by,
    at,
    data: data as unknown as JsonObject,
  });
}

const traces = new Map<string, string>();
const MOST_TRACES = 1_000;

/** Runs inside a run have its id, a dot and a number. */
function traceOf(run: string): string {
  const [root = run] = run.split('.', 1);
  const known = traces.get(root) ?? sha256(root).slice(0, 32);
  if (traces.size >= MOST_TRACES) traces.clear();
  traces.set(root, known);
  return known;
}

/** The name of the stream in which the partial results of an attempt stand. */
export function extensionStream(run: string, step: string, attempt: number): string {
  return `${run}:${step}:${attempt}`;
}

const EXTENSION = /^(run_[^:]*):(.+):([1-9]\d*)$/;

/** The attempt whose partial results a stream holds; undefined for any other stream. */
export function attemptOfStream(
  stream: string,
): { readonly run: string; readonly step: string; readonly attempt: number } | undefined {
  const [, run, step, attempt] = EXTENSION.exec(stream) ?? [];
  return run === undefined || step === undefined ? undefined : { run, step, attempt: Number(attempt) };
}
