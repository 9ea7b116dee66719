import { gte, inc, major, type ReleaseType } from 'semver';

export type VersionStep = 'major' | 'minor' | 'patch';

export interface ManifestChange {
  readonly step: VersionStep;
  /** Of what: an action, or empty for the package as a whole. */
  readonly action?: string;
  readonly says: string;
}

export interface ManifestDifference {
  readonly changes: readonly ManifestChange[];
  /** Undefined: nothing that anybody could notice. */
  readonly step: VersionStep | undefined;
  /** The lowest version that may be given to the newer one. */
  readonly leastVersion: string;
  /** Whether the version that it has is as high as that. */
  readonly isHonest: boolean;
  /** What it may do beyond what it could, each as a sentence for people. */
  readonly wider: readonly string[];
}

const STEPS: readonly VersionStep[] = ['major', 'minor', 'patch'];

/** What the changes between two versions of anything ask of the newer version. */
export function versionDifference(
  before: string,
  after: string,
  changes: readonly ManifestChange[],
  wider: readonly string[],
): ManifestDifference {
  const step = STEPS.find((one) => changes.some((change) => change.step === one));
  const leastVersion = leastVersionOf(before, step);
  return {
    changes: [...changes].sort((left, right) => STEPS.indexOf(left.step) - STEPS.indexOf(right.step)),
    step,
    leastVersion,
    isHonest: gte(after, leastVersion),
    wider,
  };
}

export function change(step: VersionStep, says: string, action?: string): ManifestChange {
  return { step, says, ...(action === undefined ? {} : { action }) };
}

/** Before 1.0.0 the second number says what the first one says later: https://semver.org/#spec-item-4 */
function leastVersionOf(version: string, step: VersionStep | undefined): string {
  if (step === undefined) return version;
  const early: Readonly<Record<VersionStep, ReleaseType>> = {
    major: 'minor',
    minor: 'patch',
    patch: 'patch',
  };
  return inc(version, major(version) === 0 ? early[step] : step) ?? version;
}
