import { unescaped } from '../artifact/value-text.ts';
import { CadreError } from '../errors.ts';
import type { RunEvent } from './events.ts';

/**
 * The versions that today's events are written with. They grow when an event changes its meaning or loses a field. The
 * second tells references to artifacts from data that looks like one, and is used only where it has to.
 */
export const EVENT_VERSION = { plain: 1, marked: 2 } as const;

const KNOWN: Readonly<Record<RunEvent['type'], true>> = {
  'run.created': true,
  'run.started': true,
  'run.resumed': true,
  'run.cancelling': true,
  'run.signalled': true,
  'run.prioritised': true,
  'run.warned': true,
  'run.compensating': true,
  'run.succeeded': true,
  'run.failed': true,
  'run.cancelled': true,
  'run.timed_out': true,
  'step.started': true,
  'step.spent': true,
  'step.opened': true,
  'step.iterating': true,
  'step.pausing': true,
  'step.failing': true,
  'step.succeeded': true,
  'step.failed': true,
  'step.timed_out': true,
  'step.cancelled': true,
  'step.skipped': true,
  'step.retrying': true,
  'step.waiting': true,
  'step.woken': true,
  'step.prioritised': true,
  'step.delegated': true,
  'step.answered': true,
  'step.interrupted': true,
};

/**
 * An event as today's code knows it, from one as it was stored. Every version that was ever released is read; throws
 * CadreError `incompatible` for an event of a later one.
 */
export function upcast(version: number, stored: { readonly type: string }): RunEvent {
  if (version > EVENT_VERSION.marked) {
    throw newer(
      `its events have version ${version}, and this Cadre reads up to version ${EVENT_VERSION.marked}`,
    );
  }
  if (!Object.hasOwn(KNOWN, stored.type)) {
    throw newer(`it holds the event '${stored.type}', which this Cadre does not know`);
  }
  return (version === EVENT_VERSION.marked ? unescaped(stored) : stored) as RunEvent;
}

function newer(reason: string): CadreError {
  return new CadreError('incompatible', `the run cannot be read: ${reason}`, {
    hint: 'open it with the version of Cadre that wrote it, or a later one',
  });
}
