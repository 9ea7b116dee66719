import { hostname } from 'node:os';
import type { Lease, LeaseHolder } from '../ports/lease-store.ts';
import { processStart } from './process-start.ts';

/** This process as the holder of leases. `id` is unique for each process. */
export function thisProcess(id: string): LeaseHolder {
  return {
    holder: id,
    host: hostname(),
    pid: process.pid,
    processStart: processStart(process.pid) ?? '',
  };
}

/** `unknown`: on another machine, or in another pid namespace; then only time tells. */
export type Liveness = 'alive' | 'gone' | 'unknown';

/** Whether the holder of a lease still lives, proved and not guessed. */
export function liveness(lease: LeaseHolder, self: LeaseHolder): Liveness {
  if (lease.holder === self.holder) return 'alive';
  if (lease.host !== self.host) return 'unknown';
  const [boot, namespace] = lease.processStart.split('/');
  const [ownBoot, ownNamespace] = self.processStart.split('/');
  if (namespace === ownNamespace && boot === ownBoot) return livenessHere(lease);
  // The machine was started anew; nothing of before lives.
  return namespace !== undefined && boot !== ownBoot ? 'gone' : 'unknown';
}

function livenessHere(lease: LeaseHolder): Liveness {
  const started = processStart(lease.pid);
  if (started === undefined) return 'gone';
  if (started === '' || lease.processStart === '') return 'unknown';
  return started === lease.processStart ? 'alive' : 'gone';
}

/**
 * Whether a lease may be taken from its holder. One who provably lives keeps it, however late with renewing it: a
 * machine that slept, a process that was stopped.
 */
export function mayBeTaken(lease: Lease, state: Liveness, now: number): boolean {
  return state === 'gone' || (state === 'unknown' && lease.expires <= now);
}
