import { parseValue, valueText } from '@cadre/core/history';
import type { JsonObject } from '@cadre/sdk';
import type { Claim } from '../ports/dispatch.ts';
import type { CallOrigin, PerformStep } from './attempt.ts';
import type { StartRun } from './child-runs.ts';

/** What a job of the queue says. Secrets stand in it as references. */
export type Assignment = {
  readonly run: string;
  /** Number of the event before which it makes no sense: the journal is known at least so far. */
  readonly number: number;
} & (
  | { readonly task: 'perform'; readonly origin: CallOrigin; readonly command: PerformStep }
  /** Start the run that a step is. */
  | { readonly task: 'start'; readonly command: StartRun }
  /** Tell the run that this one is a step of that it is over. */
  | { readonly task: 'report' }
);

/** Of jobs that are made and done in the same process, which need not be read again. */
const known = new WeakMap<JsonObject, Assignment>();

/** As text: PostgreSQL keeps the keys of its JSON in an order of its own, and what a step is given has the author's. */
export function dataOf(assignment: Assignment): JsonObject {
  return { run: assignment.run, assignment: valueText(assignment) };
}

/**
 * Of what is done by the process that hands it in. Others only ever read it when that has died, and an attempt whose process
 * died is not performed: what tells of its death is enough. The whole is known here.
 */
export function briefDataOf(assignment: Assignment): JsonObject {
  const data = dataOf(assignment.task === 'perform' ? briefOf(assignment) : assignment);
  known.set(data, assignment);
  return data;
}

function briefOf(assignment: Extract<Assignment, { readonly task: 'perform' }>): Assignment {
  const { run, number, task, command } = assignment;
  const { step, attempt, uses } = command;
  return { run, number, task, command: { step, attempt, uses } } as Assignment;
}

export function assignmentOf({ data }: Claim): Assignment {
  const assignment = known.get(data) ?? (parseValue(String(data['assignment'])) as Assignment);
  known.set(data, assignment);
  return assignment;
}
