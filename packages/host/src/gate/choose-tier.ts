import { type Failure, failure, type Outcome } from '@cadre/sdk';
import type { InstalledWorker } from '../ports/action-runner.ts';
import { type SandboxReport, TIERS, type Tier } from '../ports/sandbox.ts';
import type { GateSettings } from './gate-settings.ts';
import { requiredTier, tierName, trustOf, USUAL_TIERS } from './required-tier.ts';

/** The tier that a worker is started in here, and what is known of it. */
export interface ChosenTier {
  readonly tier: Tier;
  readonly report: SandboxReport;
}

export type TierSettings = Pick<GateSettings, 'policy' | 'sandboxReport'>;

const WEAKEST: Tier = 'os';

/**
 * Invariants
 * 1. Never a weaker tier than is required, by where the worker comes from or by the wish of its manifest.
 * 2. Of those that are strong enough the weakest that is to be had; a stronger one takes the place of one that is missing.
 * 3. With `sandbox: require` only one counts that can enforce everything.
 * 4. A tier is tried only when no weaker one will do: to try a container takes most of a second.
 */
export async function chooseTier(
  worker: InstalledWorker,
  { policy, sandboxReport }: TierSettings,
): Promise<Outcome<ChosenTier>> {
  const required = requiredTier(worker, policy.tiers ?? USUAL_TIERS);
  const looked: ChosenTier[] = [];
  for (const tier of strongEnough(required)) {
    const one = { tier, report: await sandboxReport(tier) };
    const { level } = one.report;
    const isEnough = policy.sandbox === 'require' ? level === 'enforced' : isThere(one, required);
    if (isEnough) return { ok: true, output: one };
    looked.push(one);
  }
  const partial = looked.find((one) => isThere(one, required));
  return {
    ok: false,
    failure: partial === undefined ? tooWeak(worker, required, looked) : notFull(worker, partial.report),
  };
}

/** Built-in workers are in the box of the system as well, where there is one. */
function strongEnough(required: Tier): readonly Tier[] {
  return TIERS.slice(Math.max(TIERS.indexOf(WEAKEST), TIERS.indexOf(required)));
}

/** Where the system offers nothing `os` is a plain process, which is as much as tier 1 asks for. */
function isThere({ tier, report }: ChosenTier, required: Tier): boolean {
  return report.level !== 'advisory' || (tier === WEAKEST && required === 'process');
}

function tooWeak(worker: InstalledWorker, required: Tier, looked: readonly ChosenTier[]): Failure {
  const { id } = worker.manifest;
  // Of a stronger one only what is wrong with it, not that nobody has set it up.
  const told = looked.filter(({ tier, report }) => tier === required || report.mechanism !== 'none');
  const missing = told.flatMap(({ report }) => report.missing);
  const hints = told.flatMap(({ report: { hint } }) => (hint === undefined ? [] : [hint]));
  const instead =
    required === 'container' || required === 'remote'
      ? [
          `set policy.tiers.${trustOf(worker)} to a weaker tier, unless its manifest asks for ${required} itself`,
        ]
      : [];
  return failure(
    'no_sandbox',
    `${id} was not started, because it needs ${tierName(required)}: ${missing.join('; ')}`,
    {
      hint: [...hints, ...instead].join('; or ') || 'run Cadre on Linux with bubblewrap',
      ...(told.some(({ report }) => report.isPassing) ? { retryable: true } : {}),
      details: { required, trust: trustOf(worker), missing },
    },
  );
}

function notFull(worker: InstalledWorker, { level, missing, hint }: SandboxReport): Failure {
  return failure(
    'no_sandbox',
    `${worker.manifest.id} was not started, because it cannot be fully confined: ${missing.join('; ')}`,
    {
      hint: `${hint ?? 'run Cadre on Linux with bubblewrap'}, or set policy.sandbox to warn`,
      details: { level, missing: [...missing] },
    },
  );
}
