import type { ProcessFigures } from '../ports/figures.ts';
import type { Lease, LeaseStore } from '../ports/lease-store.ts';
import type { FigureStore } from '../ports/pool-store.ts';

/** What the processes that live last told of themselves. */
export async function readFigures(
  store: Pick<FigureStore, 'list'>,
  leases: Pick<LeaseStore, 'list'>,
  isDead: (lease: Lease) => boolean,
): Promise<readonly ProcessFigures[]> {
  const all = await store.list();
  if (all.length === 0) return [];
  const alive = new Set((await leases.list()).filter((lease) => !isDead(lease)).map(({ holder }) => holder));
  return all.filter(({ process }) => alive.has(process));
}
