import type { Clock } from '../ports/clock.ts';
import type { Lease, LeaseHolder, LeaseStore } from '../ports/lease-store.ts';
import { type Liveness, mayBeTaken } from './holder.ts';

export const LEASE_MS = 30_000;
export const RENEW_MS = 10_000;

export interface LeaseKeeper {
  /** The lease, or the one who holds it. `run`: for which run, where that is known. */
  take(name: string, run?: string): Promise<Taken>;
  /** For a name that nobody else can know yet. */
  takeNew(name: string, run: string): Promise<Taken>;
  give(lease: Lease): Promise<void>;
  close(): void;
}

export type Taken =
  | { readonly ok: true; readonly lease: Lease }
  | { readonly ok: false; readonly holder: Lease };

interface Options {
  readonly leases: LeaseStore;
  readonly clock: Clock;
  readonly holder: LeaseHolder;
  readonly liveness: (lease: LeaseHolder) => Liveness;
  readonly lost: (lease: Lease) => void;
}

/**
 * The leases of this process.
 *
 * Invariants
 * 1. A lease that is held is renewed every 10 s; it lapses 30 s after the last renewal.
 * 2. A lease is taken only from a holder who is proved dead, or who cannot be looked at and has let it lapse.
 * 3. Who holds a lease hears at once that it was lost: when renewing it is refused, or fails until it has lapsed.
 */
export function createLeaseKeeper({ leases, clock, holder, liveness, lost }: Options): LeaseKeeper {
  const held = new Map<string, Lease>();
  let takeBack: (() => void) | undefined;

  function arm(): void {
    takeBack ??= clock.wakeAt(clock.now() + RENEW_MS, () => {
      takeBack = undefined;
      for (const lease of held.values()) void renew(lease);
      if (held.size > 0) arm();
    });
  }

  async function renew(lease: Lease): Promise<void> {
    const now = clock.now();
    const kept = await leases.renew(lease.name, lease.token, LEASE_MS, now).catch(() => now < lease.expires);
    // Given back, or taken anew, while the store was asked.
    if (held.get(lease.name)?.token !== lease.token) return;
    if (kept) held.set(lease.name, { ...lease, renewed: now, expires: now + LEASE_MS });
    else {
      held.delete(lease.name);
      lost(lease);
    }
  }

  async function acquire(name: string, run: string | undefined): Promise<Taken> {
    const outcome = await leases.acquire(
      name,
      { ...holder, ...(run === undefined ? {} : { run }) },
      LEASE_MS,
      clock.now(),
      (lease) => liveness(lease) === 'gone',
    );
    if (!outcome.ok) return outcome;
    held.set(name, outcome.lease);
    arm();
    return { ok: true, lease: outcome.lease };
  }

  return {
    async take(name, run) {
      // The store takes whatever has lapsed, so invariant 2 is looked after here.
      const present = await leases.find(name);
      const blocked = present !== undefined && !mayBeTaken(present, liveness(present), clock.now());
      return blocked ? { ok: false, holder: present } : acquire(name, run);
    },
    takeNew: acquire,
    async give(lease) {
      if (held.get(lease.name)?.token !== lease.token) return;
      held.delete(lease.name);
      // One that cannot be given back lapses.
      await leases.release(lease.name, lease.token).catch(() => undefined);
    },
    close() {
      takeBack?.();
    },
  };
}
