import type { Outcome } from '@cadre/sdk';
import type { GateObserver } from '../ports/gate.ts';
import type { Tier } from '../ports/sandbox.ts';
import { chooseTier, type TierSettings } from './choose-tier.ts';
import type { Subject } from './subject.ts';

/** The tier in which the call is to be performed, or why it may not be. */
export type CheckSandbox = (subject: Subject, observer: GateObserver) => Promise<Outcome<Tier>>;

/** Less than full confinement is refused or said, as the policy wants. */
export function sandboxCheck(settings: TierSettings): CheckSandbox {
  const said = new Set<Tier>();
  return async ({ worker }, observer) => {
    const chosen = await chooseTier(worker, settings);
    if (!chosen.ok) return chosen;
    const { tier, report } = chosen.output;
    if (report.level !== 'enforced' && !said.has(tier)) {
      said.add(tier);
      const gaps = report.missing.join('; ');
      observer.log({ level: 'warn', message: `workers are not fully confined: ${gaps}` });
    }
    return { ok: true, output: tier };
  };
}
