import type { Clock } from '../ports/clock.ts';
import type { GrantStore } from '../ports/grant-store.ts';

/** Takes back what a person allowed for one run only. */
export async function forgetAnswers(run: string, grants: GrantStore, clock: Clock): Promise<void> {
  const answers = await grants.list(clock.now());
  for (const grant of answers.filter((one) => one.run === run)) await grants.revoke(grant.id);
}
