import type { NewFiring } from '../ports/firing-store.ts';
import type { InboxContext } from './context.ts';

/** WRK-79: what may be caused by our own runs fires so often within a minute and not more. */
const MOST = 10;
const WITHIN_MS = 60_000;

/** The firing, to be skipped where its trigger has fired too often. */
export async function guarded({ firings, warn }: InboxContext, firing: NewFiring): Promise<NewFiring> {
  const count = await firings.countSince(firing.trigger, firing.claimedAt - WITHIN_MS);
  if (count < MOST) return firing;
  const message = `it fired ${count} times within a minute: what its runs do seems to fire it again`;
  warn('a trigger was held back', { trigger: firing.trigger, reason: message });
  return { ...firing, skipped: { code: 'loop_guard', message } };
}
