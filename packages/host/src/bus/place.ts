import { CadreError } from '@cadre/core/history';

/** How far somebody has read everything that happens in a workspace. */
export interface Place {
  /** Of the events of runs: the last one, and the run that it is of. */
  readonly id: number;
  readonly key: number;
  /** Of events that are in no journal. */
  readonly streams: number;
  /** Of audit records. */
  readonly audit: number;
}

export const BEGINNING: Place = { id: 0, key: 0, streams: 0, audit: 0 };

/** `1042.17-88-310` */
export function formatPlace({ id, key, streams, audit }: Place): string {
  return `${id}.${key}-${streams}-${audit}`;
}

const FORM = /^(\d{1,15})\.(\d{1,15})-(\d{1,15})-(\d{1,15})$/;

/** Throws `invalid_input`. */
export function parsePlace(text: string): Place {
  if (text === 'start') return BEGINNING;
  const [, id, key, streams, audit] = FORM.exec(text) ?? [];
  if (id === undefined) {
    throw new CadreError('invalid_input', `'${text}' is no place in the events of a workspace`, {
      hint: 'use the one that came with the last event, such as 1042.17-88-310, or start',
    });
  }
  return { id: Number(id), key: Number(key), streams: Number(streams), audit: Number(audit) };
}
