import { createHash } from 'node:crypto';
import type { AgedArtifact, ArtifactStore } from '../ports/artifacts.ts';
import type { AuditStore } from '../ports/audit-store.ts';
import type { Clock } from '../ports/clock.ts';
import type { Limits } from './clean.ts';
import { recordRemoval } from './record-removal.ts';

export const LIMITED_ARTIFACTS = ['temporary', 'standard'] as const;

export type ArtifactRetention = Readonly<Record<(typeof LIMITED_ARTIFACTS)[number], Limits>>;

export interface CleanedArtifacts {
  readonly class: (typeof LIMITED_ARTIFACTS)[number];
  /** Before. */
  readonly artifacts: number;
  readonly bytes: number;
  readonly removed: { readonly artifacts: number; readonly bytes: number };
  readonly limits: Limits;
}

export interface CleanArtifactsOptions {
  readonly artifacts: ArtifactStore;
  readonly audit: Pick<AuditStore, 'append'>;
  readonly clock: Clock;
  readonly retention: ArtifactRetention;
}

const PAGE = 200;

/** Somebody may have put one and not yet appended the event that names it. */
const GRACE_MS = 3_600_000;

/**
 * Removes what no run names any more, and what is due by the limits of its class, the longest unused first.
 *
 * Invariants
 * 1. What a run that is not over, is pinned, or is held names stays, whatever its age.
 * 2. What goes is recorded in the audit chain: how much, and one digest over all of it.
 */
export async function cleanArtifacts(
  options: CleanArtifactsOptions,
  request: { readonly planOnly: boolean; readonly principal: string },
): Promise<readonly CleanedArtifacts[]> {
  const { artifacts, clock } = options;
  const sizes = await artifacts.sizes();
  const cleaned: CleanedArtifacts[] = [];
  for (const kept of LIMITED_ARTIFACTS) {
    const size = sizes.find((one) => one.class === kept) ?? { class: kept, artifacts: 0, bytes: 0 };
    cleaned.push(await cleanClass(options, request, { ...size, class: kept }));
  }
  if (!request.planOnly) await artifacts.removeLeftOvers(clock.now() - GRACE_MS);
  return cleaned;
}

async function cleanClass(
  options: CleanArtifactsOptions,
  { planOnly, principal }: { readonly planOnly: boolean; readonly principal: string },
  size: Pick<CleanedArtifacts, 'class' | 'artifacts' | 'bytes'>,
): Promise<CleanedArtifacts> {
  const { artifacts, clock, retention } = options;
  const limits = retention[size.class];
  const now = clock.now();
  const removed = { artifacts: 0, bytes: 0 };
  const hash = createHash('sha256');
  const isDue = ({ used, exempt, usedAt }: AgedArtifact) =>
    !exempt &&
    usedAt <= now - GRACE_MS &&
    (!used ||
      (limits.afterMs > 0 && usedAt <= now - limits.afterMs) ||
      (limits.most > 0 && size.artifacts - removed.artifacts > limits.most) ||
      (limits.maxBytes > 0 && size.bytes - removed.bytes > limits.maxBytes));
  let after: AgedArtifact | undefined;
  do {
    const page = await artifacts.listOldest(size.class, after, PAGE);
    after = page.length < PAGE ? undefined : page.at(-1);
    for (const one of page) {
      if (!isDue(one) || (!planOnly && !(await artifacts.remove(one)))) continue;
      removed.artifacts += 1;
      removed.bytes += one.bytes;
      hash.update(`${one.digest}\n`);
    }
  } while (after !== undefined);
  if (!planOnly && removed.artifacts > 0) {
    await recordRemoval(options.audit, {
      at: now,
      principal,
      target: `artifacts ${size.class}`,
      rule: `retention.artifacts.${size.class}`,
      details: { ...removed, digests: hash.digest('hex') },
    });
  }
  return { ...size, removed, limits };
}
