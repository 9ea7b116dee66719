import { type Failure, failure } from '@cadre/sdk';
import type { InstalledWorker } from '../ports/action-runner.ts';
import type { GateObserver } from '../ports/gate.ts';
import type { SandboxReport } from '../ports/sandbox.ts';
import type { GatePolicy, GateSettings } from './gate-settings.ts';
import {
  isEnough,
  offeredTier,
  requiredTier,
  type Tier,
  tierName,
  trustOf,
  USUAL_TIERS,
} from './required-tier.ts';
import type { Subject } from './subject.ts';

/** Undefined when the call may be performed in the sandbox that there is. */
export type CheckSandbox = (subject: Subject, observer: GateObserver) => Promise<Failure | undefined>;

/**
 * Less than full confinement is refused or said, as the policy wants. A worker is never run in a weaker tier than is required for where it
 * comes from: one that nobody vouches for never where nothing confines it, whatever the policy says.
 */
export function sandboxCheck({
  policy,
  sandboxReport,
}: Pick<GateSettings, 'policy' | 'sandboxReport'>): CheckSandbox {
  let isSaid = false;
  return async ({ worker }, observer) => {
    const report = await sandboxReport();
    const required = requiredTier(worker, policy.tiers ?? USUAL_TIERS);
    if (!isEnough(offeredTier(report), required)) return tooWeak(worker, required, report);
    if (report.level === 'enforced') return undefined;
    const gaps = report.missing.join('; ');
    if (policy.sandbox === 'require') return notFull(worker, report);
    if (!isSaid) observer.log({ level: 'warn', message: `workers are not fully confined: ${gaps}` });
    isSaid = true;
    return undefined;
  };
}

function tooWeak(worker: InstalledWorker, required: Tier, report: SandboxReport): Failure {
  const { id } = worker.manifest;
  const isBuilt = required === 'process' || required === 'os';
  const why = isBuilt
    ? `this machine offers ${tierName(offeredTier(report))}: ${report.missing.join('; ')}`
    : `this version of Cadre starts workers in tiers 1 and 2 only`;
  return failure('no_sandbox', `${id} was not started, because it needs ${tierName(required)}, and ${why}`, {
    hint: isBuilt
      ? (report.hint ?? 'run Cadre on Linux with bubblewrap')
      : `set policy.tiers.${trustOf(worker)} to os, unless its manifest asks for ${required} itself`,
    details: {
      required,
      offered: offeredTier(report),
      trust: trustOf(worker),
      level: report.level,
      missing: [...report.missing],
    },
  });
}

function notFull(worker: InstalledWorker, report: SandboxReport): Failure {
  const gaps = report.missing.join('; ');
  const fix = report.hint ?? 'run Cadre on Linux with bubblewrap';
  return failure(
    'no_sandbox',
    `${worker.manifest.id} was not started, because it cannot be fully confined: ${gaps}`,
    {
      hint: `${fix}, or set policy.sandbox to warn`,
      details: { level: report.level, missing: [...report.missing] },
    },
  );
}

/** What each tier comes to here, in words, from the weakest. */
export function tiersHere(
  report: SandboxReport,
  tiers: GatePolicy['tiers'] = USUAL_TIERS,
): readonly string[] {
  const offered = offeredTier(report);
  const kinds = Object.entries(tiers).map(([trust, tier]) => {
    const can = isEnough(offered, tier) ? 'run' : 'are refused';
    return `${NAMES[trust as keyof typeof NAMES]} workers need ${tierName(tier)} and ${can}`;
  });
  return [`this machine offers ${tierName(offered)}`, ...kinds];
}

const NAMES = { builtIn: 'built-in', signed: 'signed', unsigned: 'unsigned' } as const;
