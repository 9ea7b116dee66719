import { covers, type Permission, parsePermission, placePermission } from '@cadre/core';
import type { Grant } from '../ports/grant-store.ts';
import { originOf, type Subject } from './subject.ts';

/** The grant and what it allows, when it is one for this call that covers what is wanted. */
export function matchGrant(grant: Grant, { worker, call, places }: Subject, wanted: Permission) {
  const isOurs =
    grant.worker === worker.manifest.id &&
    grant.manifestHash === worker.hash &&
    grant.principal === call.principal &&
    (grant.run === undefined || grant.run === call.run) &&
    (grant.everywhere !== true || originOf(worker, places.workspace) !== 'workspace');
  const parsed = parsePermission(grant.permission);
  if (!isOurs || !parsed.ok) return [];
  const { permission } = parsed;
  return covers(placePermission(permission, places), placePermission(wanted, places))
    ? [{ grant, permission }]
    : [];
}
