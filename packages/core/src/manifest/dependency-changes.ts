import { subset } from 'semver';
import type { Requirement } from '../dependency/requirement.ts';
import { change, type ManifestChange, type VersionStep } from './version-difference.ts';

/**
 * What changed in what a package requires. `step`: what it takes to require more, which whoever has the version before may not have.
 */
export function dependencyChanges(
  before: readonly Requirement[],
  after: readonly Requirement[],
  step: VersionStep,
): { readonly changes: readonly ManifestChange[]; readonly wider: readonly string[] } {
  const same = (one: Requirement) => (other: Requirement) => one.kind === other.kind && one.id === other.id;
  const changes: ManifestChange[] = [];
  const wider: string[] = [];
  for (const now of after) {
    const { kind, id, range, optional } = now;
    const was = before.find(same(now));
    if (was === undefined) {
      const says = `it ${optional === true ? 'may use' : 'requires'} the ${kind} ${id} ${range}`;
      changes.push(change(optional === true ? 'minor' : step, says));
      if (kind === 'worker') wider.push(says);
      continue;
    }
    if (was.optional === true && optional !== true)
      changes.push(change(step, `it cannot do without the ${kind} ${id} any more`));
    if (was.optional !== true && optional === true)
      changes.push(change('minor', `it can do without the ${kind} ${id}`));
    if (was.range === range) continue;
    const says = `it requires the ${kind} ${id} ${range} and required ${was.range}`;
    changes.push(change(subset(was.range, range) ? 'minor' : step, says));
    // Versions that could not be had before may do what those that could do not.
    if (kind === 'worker' && !subset(range, was.range)) wider.push(says);
  }
  for (const was of before) {
    if (!after.some(same(was)))
      changes.push(change('minor', `it does not use the ${was.kind} ${was.id} any more`));
  }
  return { changes, wider };
}
