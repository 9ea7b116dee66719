import type { FiringStore, TriggerState } from '../../ports/firing-store.ts';
import { change, query, type Row, type Script } from '../database.ts';
import { insertFiring } from './firings.ts';

const COLUMNS = 'trigger_name, paused, rule, since, moved_at, due, note';

export const FIND_STATE = `SELECT ${COLUMNS} FROM trigger_states WHERE trigger_name = ?1`;

export const LIST_STATES = `SELECT ${COLUMNS} FROM trigger_states ORDER BY trigger_name`;

const PUT_RULE = `INSERT INTO trigger_states (trigger_name, paused, rule, since, moved_at, due, note)
  VALUES (?1, 0, ?2, ?3, ?3, ?4, ?5)
  ON CONFLICT (trigger_name) DO UPDATE SET rule = excluded.rule, since = excluded.since, moved_at = excluded.moved_at,
    due = excluded.due, note = excluded.note
  WHERE trigger_states.rule IS DISTINCT FROM excluded.rule`;

export function* putRule(
  trigger: string,
  rule: string,
  { now, due, note }: Parameters<FiringStore['putRule']>[2],
): Script<TriggerState> {
  yield change(PUT_RULE, trigger, rule, now, due ?? null, note ?? null);
  const [row] = (yield query(FIND_STATE, trigger)).rows;
  if (row === undefined) throw new Error(`bug: the state of ${trigger} was not kept`);
  return readState(row);
}

export const SET_PAUSED = `INSERT INTO trigger_states (trigger_name, paused, since, moved_at, due)
  VALUES (?1, ?2, ?3, ?3, ?4)
  ON CONFLICT (trigger_name) DO UPDATE SET paused = excluded.paused, moved_at = excluded.moved_at,
    due = coalesce(excluded.due, trigger_states.due)`;

/** One statement is the claim: it finds the schedule only where nobody else has moved it. */
const MOVE = `UPDATE trigger_states SET due = ?4, moved_at = ?5
  WHERE trigger_name = ?1 AND rule = ?2 AND due = ?3 AND paused = 0`;

export function* claimDue(claim: Parameters<FiringStore['claim']>[0]): Script<boolean> {
  const { trigger, rule, expected, next, now, firings } = claim;
  const { changes } = yield change(MOVE, trigger, rule, expected, next ?? null, now);
  if (changes === 0) return false;
  for (const firing of firings) yield* insertFiring(firing);
  return true;
}

export function readState(row: Row): TriggerState {
  return {
    trigger: String(row['trigger_name']),
    paused: Number(row['paused']) === 1,
    since: Number(row['since']),
    movedAt: Number(row['moved_at']),
    ...(row['rule'] === null ? {} : { rule: String(row['rule']) }),
    ...(row['due'] === null ? {} : { due: Number(row['due']) }),
    ...(row['note'] === null ? {} : { note: String(row['note']) }),
  };
}
