import { createHash } from 'node:crypto';
import type { ArtifactStore } from '../ports/artifacts.ts';
import type { AuditStore } from '../ports/audit-store.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventStore } from '../ports/event-store.ts';
import type { FiringStore } from '../ports/firing-store.ts';
import { type FiringRetention, pruneFirings } from '../ports/prune-firings.ts';
import type { TrimmedAudit } from '../ports/trimmed-audit.ts';
import {
  type Due,
  KEPT_CLASSES,
  type KeptClass,
  type KeptSize,
  type Removed,
  UNNAMED_DEFINITION_MS,
  type Upkeep,
  type Vacuumed,
} from '../ports/upkeep.ts';
import { type ArtifactRetention, type CleanedArtifacts, cleanArtifacts } from './clean-artifacts.ts';
import { recordRemoval } from './record-removal.ts';

/** How long, how many and how much of a class is kept; 0: no limit. */
export interface Limits {
  readonly afterMs: number;
  readonly most: number;
  readonly maxBytes: number;
}

/** All that is removed by its age. `firings`: what triggers have done, and events that were dealt with. */
export const CLEANED_CLASSES = [...KEPT_CLASSES, 'artifacts', 'firings', 'audit'] as const;
export type CleanedName = (typeof CLEANED_CLASSES)[number];

export interface Retention extends Readonly<Record<KeptClass, Limits>> {
  readonly artifacts: ArtifactRetention;
  readonly firings: FiringRetention;
  /** What is left of runs that were removed. */
  readonly tombstones: Pick<Limits, 'most'>;
}

export interface Cleaned {
  readonly classes: readonly CleanedClass[];
  readonly artifacts: readonly CleanedArtifacts[];
  /** What was left of runs that were removed long ago. */
  readonly tombstones: number;
  /** Workflows that no run names any more. */
  readonly definitions: number;
  /** Firings of triggers. */
  readonly firings: number;
  /** Results of actions that held no more. */
  readonly expiredResults: number;
  /** Removals that had been cut off. */
  readonly finished: number;
  /** Undefined: it was not asked for. */
  readonly audit?: TrimmedAudit;
  readonly vacuum?: Vacuumed;
  /** False: this is what would be removed. */
  readonly done: boolean;
}

export interface CleanedClass extends KeptSize {
  /** What went, or would go: of `runs` and `rows` and `bytes` above, which are from before. */
  readonly removed: { readonly runs: number; readonly rows: number; readonly bytes: number };
  readonly limits: Limits;
}

export interface CleanOptions {
  readonly upkeep: Upkeep;
  readonly artifacts: ArtifactStore;
  readonly firings: Pick<FiringStore, 'prune'>;
  readonly events: Pick<EventStore, 'forget'>;
  readonly audit: Pick<AuditStore, 'append'>;
  readonly clock: Clock;
  readonly retention: Retention;
  readonly trimAudit: (request: Pick<CleanRequest, 'planOnly' | 'principal'>) => Promise<TrimmedAudit>;
}

export interface CleanRequest {
  readonly classes?: readonly CleanedName[];
  readonly planOnly: boolean;
  readonly principal: string;
  /** Nobody else has the store open. */
  readonly alone: boolean;
}

const PAGE = 200;

/**
 * Removes what is due, the longest over first, then gives its room back.
 *
 * Invariants
 * 1. What goes is recorded in the audit chain: how much of which class, and one digest over the tombstones.
 * 2. A plan asks the same questions and changes nothing.
 */
export async function clean(options: CleanOptions, request: CleanRequest): Promise<Cleaned> {
  const { upkeep, clock } = options;
  const { planOnly, alone } = request;
  const finished = planOnly ? 0 : await upkeep.finishRemovals();
  const sizes = new Map((await upkeep.sizes()).map((size) => [size.class, size]));
  const classes: CleanedClass[] = [];
  const all = request.classes === undefined;
  const wanted = (name: CleanedName) => all || request.classes?.includes(name) === true;
  for (const kept of KEPT_CLASSES.filter(wanted)) {
    const size = sizes.get(kept) ?? { class: kept, runs: 0, rows: 0, bytes: 0 };
    classes.push(await cleanClass(options, request, size));
  }
  const expiredResults = planOnly || !all ? 0 : await upkeep.removeExpiredResults(clock.now());
  // After the runs, which are why many of them are used.
  const artifacts = wanted('artifacts')
    ? await cleanArtifacts({ ...options, retention: options.retention.artifacts }, request)
    : [];
  const firings =
    wanted('firings') && !planOnly ? await pruneFirings(options, options.retention.firings, clock.now()) : 0;
  const tombstones = planOnly || !all ? 0 : await forgetTombstones(options, request);
  // After the runs, which name them.
  const definitions = planOnly || !all ? 0 : await removeDefinitions(options, request);
  // After all that is recorded itself.
  const trimmed = wanted('audit') ? await options.trimAudit(request) : undefined;
  const report = {
    classes,
    artifacts,
    tombstones,
    definitions,
    firings,
    expiredResults,
    finished,
    ...(trimmed === undefined ? {} : { audit: trimmed }),
    done: !planOnly,
  };
  return planOnly ? report : { ...report, vacuum: await upkeep.vacuum(alone) };
}

async function removeDefinitions(
  { upkeep, audit, clock }: CleanOptions,
  { principal }: CleanRequest,
): Promise<number> {
  const now = clock.now();
  const removed = await upkeep.removeDefinitions(now - UNNAMED_DEFINITION_MS);
  if (removed === 0) return 0;
  await recordRemoval(audit, {
    at: now,
    principal,
    target: 'definitions',
    rule: 'retention.runs',
    details: { removed },
  });
  return removed;
}

async function forgetTombstones(
  { upkeep, audit, clock, retention }: CleanOptions,
  { principal }: CleanRequest,
): Promise<number> {
  if (retention.tombstones.most === 0) return 0;
  const forgotten = await upkeep.forgetTombstones(retention.tombstones.most);
  if (forgotten === 0) return 0;
  await recordRemoval(audit, {
    at: clock.now(),
    principal,
    target: 'tombstones',
    rule: 'retention.tombstones',
    details: { forgotten },
  });
  return forgotten;
}

async function cleanClass(
  options: CleanOptions,
  { planOnly, principal }: CleanRequest,
  size: KeptSize,
): Promise<CleanedClass> {
  const { upkeep, clock, retention } = options;
  const limits = retention[size.class];
  const now = clock.now();
  const total = { runs: 0, rows: 0, bytes: 0 };
  const hash = createHash('sha256');
  const isDue = ({ endedAt }: Due) =>
    (limits.afterMs > 0 && endedAt <= now - limits.afterMs) ||
    (limits.most > 0 && size.runs - total.runs > limits.most) ||
    (limits.maxBytes > 0 && size.bytes - total.bytes > limits.maxBytes);
  let after: Due | undefined;
  for (let more = true; more; ) {
    const page = await upkeep.listRemovable(size.class, after, PAGE);
    after = page.at(-1);
    const due: Due[] = [];
    for (const one of page) {
      if (!isDue(one)) break;
      due.push(one);
      add(total, one);
    }
    more = due.length === PAGE;
    if (planOnly) continue;
    const removed = await upkeep.remove(size.class, due, now);
    const stayed = due.filter(({ key }) => !removed.some((one) => one.key === key));
    for (const one of stayed) add(total, one, -1);
    for (const one of removed) hash.update(tombstoneLine(one));
  }
  if (!planOnly && total.runs > 0) {
    await recordRemoval(options.audit, {
      at: now,
      principal,
      target: size.class,
      rule: `retention.${size.class}`,
      details: { ...total, ...(size.class === 'logs' ? {} : { tombstones: hash.digest('hex') }) },
    });
  }
  return { ...size, removed: total, limits };
}

function add(total: { runs: number; rows: number; bytes: number }, { rows, bytes }: Due, times = 1): void {
  total.runs += times;
  total.rows += times * rows;
  total.bytes += times * bytes;
}

function tombstoneLine({ run, digest = '' }: Removed): string {
  return `${run} ${digest}\n`;
}
