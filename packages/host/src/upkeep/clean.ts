import { createHash } from 'node:crypto';
import type { AuditStore } from '../ports/audit-store.ts';
import type { Clock } from '../ports/clock.ts';
import {
  type Due,
  KEPT_CLASSES,
  type KeptClass,
  type KeptSize,
  type Removed,
  type Upkeep,
  type Vacuumed,
} from '../ports/upkeep.ts';

/** How long, how many and how much of a class is kept; 0: no limit. */
export interface Limits {
  readonly afterMs: number;
  readonly most: number;
  readonly maxBytes: number;
}

export type Retention = Readonly<Record<KeptClass, Limits>>;

export interface Cleaned {
  readonly classes: readonly CleanedClass[];
  /** Results of actions that held no more. */
  readonly expiredResults: number;
  /** Removals that had been cut off. */
  readonly finished: number;
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
  readonly audit: Pick<AuditStore, 'append'>;
  readonly clock: Clock;
  readonly retention: Retention;
}

export interface CleanRequest {
  readonly classes?: readonly KeptClass[];
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
  for (const kept of request.classes ?? KEPT_CLASSES) {
    const size = sizes.get(kept) ?? { class: kept, runs: 0, rows: 0, bytes: 0 };
    classes.push(await cleanClass(options, request, size));
  }
  const all = request.classes === undefined;
  const expiredResults = planOnly || !all ? 0 : await upkeep.removeExpiredResults(clock.now());
  const report = { classes, expiredResults, finished, done: !planOnly };
  return planOnly ? report : { ...report, vacuum: await upkeep.vacuum(alone) };
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
    await options.audit.append({
      at: now,
      principal,
      worker: 'cadre',
      action: 'clean',
      operation: 'remove',
      target: size.class,
      decision: 'allowed',
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
