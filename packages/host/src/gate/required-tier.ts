import type { InstalledWorker } from '../ports/action-runner.ts';
import { TIERS, type Tier } from '../ports/sandbox.ts';

/** Where a worker comes from. */
export type Trust = 'builtIn' | 'signed' | 'unsigned';

/** The weakest tier in which workers are run, by where they come from. */
export type RequiredTiers = Readonly<Record<Trust, Tier>>;

export const USUAL_TIERS: RequiredTiers = { builtIn: 'process', signed: 'os', unsigned: 'os' };

export function trustOf({ builtIn, signedBy }: InstalledWorker): Trust {
  if (builtIn) return 'builtIn';
  return signedBy === undefined ? 'unsigned' : 'signed';
}

/** What its manifest wishes may make it stronger, never weaker. */
export function requiredTier(worker: InstalledWorker, tiers: RequiredTiers): Tier {
  const wished = worker.manifest.isolation ?? 'process';
  const required = tiers[trustOf(worker)];
  return TIERS.indexOf(wished) > TIERS.indexOf(required) ? wished : required;
}

/** `tier 2 (os)` */
export function tierName(tier: Tier): string {
  return `tier ${TIERS.indexOf(tier) + 1} (${tier})`;
}
