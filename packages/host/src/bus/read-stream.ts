import { attemptOfStream, CadreError, endOfAttempt, envelopeOfRunEvent, isOver } from '@cadre/core/history';
import { type Envelope, type Extension, type ExtensionEnd, type JsonObject, sizeOfPiece } from '@cadre/sdk';
import type { AuditEntry } from '../ports/audit-store.ts';
import type { Store } from '../ports/store.ts';
import type { StreamEntry, StreamEvent } from '../ports/stream-store.ts';
import { envelopeOfStreamEvent } from './envelope-of-stream.ts';
import { envelopeOfRecord } from './read-page.ts';

/** The next events of one stream; `over`: there will never be more. */
export interface Next {
  readonly events: readonly Envelope[];
  readonly over: boolean;
  readonly more: boolean;
}

export interface StreamReader {
  next(): Promise<Next>;
}

const PAGE = 500;

type Sources = Pick<Store, 'runs' | 'streams' | 'audit'>;

/** Throws `not_found` for what is the name of no stream, and `run_not_found`. */
export async function openStreamReader(
  store: Sources,
  workspace: string,
  stream: string,
  after: number,
): Promise<StreamReader> {
  if (stream === 'audit') return readAudit(store, workspace, after);
  if (stream === 'emitted' || /^firing:[1-9]\d*$/.test(stream)) {
    return readPlain(store, workspace, stream, after);
  }
  const attempt = attemptOfStream(stream);
  if (attempt !== undefined) return readExtensions(store, workspace, stream, attempt, after);
  const record = await store.runs.find(stream);
  if (record !== undefined) return readRun(store, workspace, stream, record.principal, after);
  throw new CadreError('not_found', `there is no stream ${stream}`, {
    hint: 'name a run, RUN:STEP:ATTEMPT, firing:NUMBER, emitted or audit',
  });
}

function readRun(
  { runs }: Sources,
  workspace: string,
  run: string,
  principal: string,
  after: number,
): StreamReader {
  let last = after;
  return {
    async next() {
      // Before the events: a run that is over gets no more.
      const record = await runs.find(run);
      const events = await runs.readEvents(run, last, PAGE);
      last = events.at(-1)?.number ?? last;
      const more = events.length === PAGE;
      return {
        events: events.map((event) => envelopeOfRunEvent(event, { run, principal, workspace })),
        over: !more && (record === undefined || isOver(record.status)),
        more,
      };
    },
  };
}

function readPlain({ streams }: Sources, workspace: string, stream: string, after: number): StreamReader {
  let last = after;
  return {
    async next() {
      const events = await streams.read(stream, last, PAGE);
      last = events.at(-1)?.number ?? last;
      const envelopes = events.map((event) => envelopeOfStreamEvent(event, workspace));
      return { events: envelopes, over: false, more: events.length === PAGE };
    },
  };
}

function readAudit({ audit }: Sources, workspace: string, after: number): StreamReader {
  let last = after;
  return {
    async next() {
      const records = await audit.read(last, PAGE);
      last = records.at(-1)?.number ?? last;
      const events = records.map((record) =>
        envelopeOfRecord(record, JSON.parse(record.entry) as AuditEntry, workspace),
      );
      return { events, over: false, more: records.length === PAGE };
    },
  };
}

/**
 * Partial results. The process that performed the attempt closes their stream; where it died first, whoever reads does, by
 * what the journal says of the attempt.
 */
function readExtensions(
  { runs, streams }: Sources,
  workspace: string,
  stream: string,
  { run, step, attempt }: { readonly run: string; readonly step: string; readonly attempt: number },
  after: number,
): StreamReader {
  let last = after;
  let journal = 0;
  let ended: { readonly end: ExtensionEnd; readonly at: number } | undefined;

  async function lookForEnd(): Promise<void> {
    for (;;) {
      const events = await runs.readEvents(run, journal, PAGE);
      for (const event of events) {
        const end = endOfAttempt(event, step, attempt);
        if (end !== undefined && begun) ended ??= { end, at: event.at };
        if (event.type === 'step.started' && event.step === step) begun ||= event.attempt === attempt;
      }
      journal = events.at(-1)?.number ?? journal;
      if (events.length < PAGE) return;
    }
  }
  let begun = false;

  return {
    async next() {
      if (ended === undefined) await lookForEnd();
      // After the journal: whoever tells that it is over has stored all pieces before.
      let events = await streams.read(stream, last, PAGE);
      if (ended !== undefined && events.length < PAGE && !hasEnd(events)) {
        const { end, at } = ended;
        await streams.close(run, stream, (piece) => endMark(piece, end, at));
        // Somebody else may have been first.
        events = await streams.read(stream, last, PAGE);
      }
      last = events.at(-1)?.number ?? last;
      const more = events.length === PAGE;
      return {
        events: events.map((event) => envelopeOfStreamEvent(event, workspace)),
        over: !more && ended !== undefined,
        more,
      };
    },
  };
}

function hasEnd(events: readonly StreamEvent[]): boolean {
  return 'end' in (events.at(-1)?.data ?? {});
}

/** What stands after the last piece. */
function endMark(last: StreamEvent, end: ExtensionEnd, at: number): StreamEntry {
  const before = last.data as unknown as Extension;
  const size = 'piece' in before ? sizeOfPiece(before.piece) : 0;
  const mark: Extension = {
    attempt: before.attempt,
    index: before.index + 1,
    offset: before.offset + size,
    end,
  };
  return { at, topic: 'step.extended', data: mark as unknown as JsonObject };
}
