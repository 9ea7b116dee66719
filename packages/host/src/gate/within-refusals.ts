import { type Failure, failure, type JsonValue, type Outcome } from '@cadre/sdk';
import type { Requested } from './answer-request.ts';
import { record } from './decide-wish.ts';

/** A call that was refused so often goes on asking in vain; each refusal more would only fill the record. */
export const MOST_REFUSALS = 1_000;

/** What was refused of a step, and what may still be: one for a call and all that is called in it. */
export interface Refusals {
  count: number;
  /** Under way, of calls of other actions and of all else: whoever calls a thousand times at once may do so, and those that it calls may ask too. */
  readonly underWay: { calls: number; others: number };
  /** That so much is asked for at once stands in the record. */
  isCrowdTold: boolean;
}

export function noRefusals(): Refusals {
  return { count: 0, underWay: { calls: 0, others: 0 }, isCrowdTold: false };
}

export const CALL = 'call-action';

/**
 * Answers what a call asks for, as long as it was not refused too often. Whatever is under way may be refused yet, so no more is let in
 * than may still be refused: what is asked for at once fills the record no further than what is asked for one by one.
 */
export async function withinRefusals(
  operation: string,
  given: Requested,
  answering: () => Promise<Outcome<JsonValue>>,
): Promise<Outcome<JsonValue>> {
  const { refusals } = given;
  const { underWay } = refusals;
  const kind = operation === CALL ? 'calls' : 'others';
  if (refusals.count >= MOST_REFUSALS) return { ok: false, failure: failure('denied', OFTEN_REFUSED) };
  if (refusals.count + underWay[kind] >= MOST_REFUSALS) return crowded(operation, given);
  underWay[kind] += 1;
  let outcome: Outcome<JsonValue>;
  try {
    outcome = await answering();
  } finally {
    underWay[kind] -= 1;
  }
  if (outcome.ok || !isRefusal(operation, outcome.failure)) return outcome;
  refusals.count += 1;
  if (refusals.count === MOST_REFUSALS) await recordAll(operation, given, OFTEN_REFUSED);
  return outcome;
}

const OFTEN_REFUSED = `this call was refused ${MOST_REFUSALS} times, and is refused everything from now on`;

/** What cannot be asked for at all stands in the record like what was refused. Of an action that is called it may be the answer. */
function isRefusal(operation: string, { code }: Failure): boolean {
  return code === 'denied' || (code === 'invalid_input' && operation !== CALL);
}

async function crowded(operation: string, given: Requested): Promise<Outcome<never>> {
  const { refusals } = given;
  const more = `this call asks for more at once than can be answered: at most ${MOST_REFUSALS} requests, less what it was refused`;
  if (!refusals.isCrowdTold) {
    refusals.isCrowdTold = true;
    await recordAll(operation, given, more);
  }
  const hint = 'wait for some answers before asking for more';
  return { ok: false, failure: failure('denied', more, { hint }) };
}

function recordAll(operation: string, given: Requested, why: string): Promise<void> {
  return record(undefined, operation, 'everything else', given, {
    decision: 'denied',
    rule: why,
    outcome: 'refused',
  });
}
