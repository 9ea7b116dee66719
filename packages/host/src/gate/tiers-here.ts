import { TIERS, type Tier } from '../ports/sandbox.ts';
import type { TierSettings } from './choose-tier.ts';
import { tierName, USUAL_TIERS } from './required-tier.ts';

const NAMES = { builtIn: 'built-in', signed: 'signed', unsigned: 'unsigned' } as const;

/** What each tier comes to here, in words, from the weakest. */
export async function tiersHere({ policy, sandboxReport }: TierSettings): Promise<readonly string[]> {
  const offered: Tier[] = [];
  for (const tier of TIERS.slice(1)) if ((await sandboxReport(tier)).level !== 'advisory') offered.push(tier);
  const strongest = offered.at(-1) ?? 'process';
  const kinds = Object.entries(policy.tiers ?? USUAL_TIERS).map(([trust, tier]) => {
    const can = TIERS.indexOf(strongest) >= TIERS.indexOf(tier) ? 'run' : 'are refused';
    return `${NAMES[trust as keyof typeof NAMES]} workers need ${tierName(tier)} and ${can}`;
  });
  const names = (offered.length === 0 ? (['process'] as const) : offered).map(tierName);
  return [`this machine offers ${names.join(' and ')}`, ...kinds];
}
