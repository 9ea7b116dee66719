import { type Permission, versionFits } from '@cadre/core';
import type { InstalledWorker } from '../ports/action-runner.ts';
import type { Grant } from '../ports/grant-store.ts';
import { matchGrant } from './match-grant.ts';
import type { Subject } from './subject.ts';

/** What would have allowed it, had the worker stayed as it was. */
export function lapsedGrant(
  grants: readonly Grant[],
  installed: readonly InstalledWorker[],
  subject: Subject,
  wanted: Permission,
): Grant | undefined {
  const { hash } = subject.worker;
  const fitting = grants.filter(
    (grant) =>
      grant.decision === 'allow' &&
      grant.manifestHash !== hash &&
      matchGrant({ ...grant, manifestHash: hash }, subject, wanted).length > 0 &&
      !isOfAnotherVersion(grant, installed, subject.worker),
  );
  return fitting.toSorted((a, b) => b.grantedAt - a.grantedAt)[0];
}

/** One that lies beside this one did not take its place, so nothing has changed since the other was allowed something. */
function isOfAnotherVersion(
  { manifestHash, versions }: Grant,
  installed: readonly InstalledWorker[],
  { manifest: { id, version } }: InstalledWorker,
): boolean {
  return installed.some(
    ({ hash, manifest }) =>
      manifest.id === id &&
      manifest.version !== version &&
      (hash === manifestHash || (versionFits(manifest.version, versions) && !versionFits(version, versions))),
  );
}
