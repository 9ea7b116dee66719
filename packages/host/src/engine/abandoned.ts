import type { Lease } from '../ports/lease-store.ts';
import type { Store } from '../ports/store.ts';
import { leaseName } from './take-over.ts';

/** Runs that are not over and that nobody alive holds, oldest first; leases that hold nothing any more are given back. */
export async function listAbandoned(
  { runs, leases }: Store,
  mayTake: (lease: Lease) => boolean,
  mode?: 'plan',
): Promise<readonly string[]> {
  const held = new Map((await leases.list()).map((lease) => [lease.name, lease]));
  const open = await listOpen(runs, mode);
  const names = new Set(open.map(leaseName));
  const useless = [...held.values()].filter(
    (lease) => lease.name.startsWith(leaseName('')) && !names.has(lease.name) && mayTake(lease),
  );
  await Promise.all(useless.map((lease) => leases.release(lease.name, lease.token)));
  return open.filter((id) => {
    const lease = held.get(leaseName(id));
    return lease === undefined || mayTake(lease);
  });
}

async function listOpen(runs: Store['runs'], mode: 'plan' | undefined): Promise<string[]> {
  const open: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await runs.list({
      status: ['queued', 'running', 'waiting', 'cancelling'],
      limit: 1_000,
      ...(mode === undefined ? {} : { mode }),
      ...(cursor === undefined ? {} : { cursor }),
    });
    open.push(...page.runs.map((run) => run.id));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return open.reverse();
}
