import { expect, test } from 'vitest';
import type { LeaseHolder } from './lease-store.ts';
import type { Store } from './store.ts';

const HOLDER: LeaseHolder = { holder: 'p1', host: 'a', pid: 1, processStart: '100', run: 'run_1' };
const OTHER: LeaseHolder = { holder: 'p2', host: 'b', pid: 2, processStart: '200' };
const alive = () => false;

export function leaseContract(store: () => Store): void {
  test('a lease has one holder, who is named to the others', async () => {
    const { leases } = store();
    const taken = await leases.acquire('workspace', HOLDER, 1_000, 10, alive);
    expect(taken).toMatchObject({ ok: true, lease: { ...HOLDER, since: 10, renewed: 10, expires: 1_010 } });
    expect(await leases.acquire('workspace', OTHER, 1_000, 500, alive)).toMatchObject({
      ok: false,
      holder: HOLDER,
    });
    expect(await leases.list()).toMatchObject([{ name: 'workspace', ...HOLDER }]);
    expect(await leases.find('workspace')).toEqual(taken.ok && taken.lease);
    expect(await leases.find('elsewhere')).toBeUndefined();
  });

  test('a holder that renews is never evicted by age', async () => {
    const { leases } = store();
    const taken = await leases.acquire('workspace', HOLDER, 1_000, 0, alive);
    if (!taken.ok) throw new Error('the lease was free');
    for (let now = 900; now < 100_000; now += 900) {
      expect(await leases.renew('workspace', taken.lease.token, 1_000, now)).toBe(true);
      expect(await leases.acquire('workspace', OTHER, 1_000, now + 50, alive)).toMatchObject({ ok: false });
    }
  });

  test('a lease that lapsed, or whose holder is dead, is taken over under a greater number', async () => {
    const { leases } = store();
    const first = await leases.acquire('workspace', HOLDER, 1_000, 0, alive);
    const second = await leases.acquire('workspace', OTHER, 1_000, 1_000, alive);
    const third = await leases.acquire('workspace', HOLDER, 1_000, 1_001, (lease) => lease.holder === 'p2');
    if (!first.ok || !second.ok || !third.ok) throw new Error('each could be taken');
    expect(second.tookOver).toMatchObject(HOLDER);
    expect(second.lease.token).toBeGreaterThan(first.lease.token);
    expect(third.lease.token).toBeGreaterThan(second.lease.token);
    expect(await leases.renew('workspace', first.lease.token, 1_000, 1_002)).toBe(false);
    await leases.release('workspace', second.lease.token);
    expect(await leases.list()).toHaveLength(1);
  });

  test('a number is never given again, also after the lease was given back or broken', async () => {
    const { leases } = store();
    const tokens: number[] = [];
    for (let round = 0; round < 3; round++) {
      const taken = await leases.acquire('workspace', HOLDER, 1_000, 0, alive);
      if (!taken.ok) throw new Error('the lease was free');
      tokens.push(taken.lease.token);
      if (round === 0) await leases.release('workspace', taken.lease.token);
      else await leases.break('workspace');
      expect(await leases.list()).toEqual([]);
      expect(await leases.renew('workspace', taken.lease.token, 1_000, 1)).toBe(false);
    }
    expect(tokens).toEqual([...new Set(tokens)].sort((left, right) => left - right));
  });

  test('of many who want a lease at once one gets it', async () => {
    const { leases } = store();
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        leases.acquire('workspace', { ...OTHER, holder: `p${index}` }, 1_000, 0, alive),
      ),
    );
    expect(all.filter((outcome) => outcome.ok)).toHaveLength(1);
  });
}
