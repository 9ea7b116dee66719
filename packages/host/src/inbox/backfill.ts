import { CadreError } from '@cadre/core';
import { nextDue } from '@cadre/kit/schedules';
import type { InboxContext } from './context.ts';
import { firingOf, ruleOf, type Schedule } from './fire-schedules.ts';

const MOST = 1_000;
const LOW = 1;

/**
 * Fires for times that are over, from `from` until before `to`; those that have a firing are left out by their key. They
 * stand in line one behind the other, behind everything else that is due. Throws `invalid_usage`.
 */
export async function backfill(
  { firings, clock }: InboxContext,
  schedule: Schedule,
  { from, to, plan }: { readonly from: number; readonly to: number; readonly plan: boolean },
): Promise<readonly number[]> {
  const now = clock.now();
  const until = Math.min(to, now);
  const rule = ruleOf(schedule, from);
  const dues: number[] = [];
  for (let due = nextDue(rule, from - 1); due !== undefined && due < until; due = nextDue(rule, due)) {
    dues.push(due);
    if (dues.length > MOST) {
      throw new CadreError('invalid_usage', `there are more than ${MOST} times between the two`, {
        hint: 'do it in parts',
      });
    }
  }
  if (plan) return dues;
  const added: number[] = [];
  for (const due of dues) {
    const firing = firingOf(schedule, due, now);
    const event = { ...firing.event, late: true, backfill: true };
    const kept = await firings.add({ ...firing, priority: LOW, notBefore: now, event });
    if (kept.added) added.push(due);
  }
  return added;
}
