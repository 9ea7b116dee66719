import { expect, test } from 'vitest';
import type { Grant } from './grant-store.ts';
import type { Store } from './store.ts';

export function grantContract(store: () => Store): void {
  const grant: Grant = {
    id: 'g1',
    principal: 'user:ada',
    worker: 'git',
    versions: '^1',
    manifestHash: 'x',
    permission: 'shell:git',
    decision: 'allow',
    grantedBy: 'user:ada',
    grantedAt: 1,
  };

  test('a grant holds until it expires or is revoked', async () => {
    const { grants } = store();
    await grants.put(grant);
    await grants.put({ ...grant, id: 'g2', expiresAt: 100 });
    expect(await grants.list(99)).toEqual([grant, { ...grant, id: 'g2', expiresAt: 100 }]);
    expect(await grants.list(100)).toEqual([grant]);
    await grants.put({ ...grant, decision: 'deny' });
    expect(await grants.list(100)).toEqual([{ ...grant, decision: 'deny' }]);
    expect(await grants.revoke('g1')).toBe(true);
    expect(await grants.revoke('g1')).toBe(false);
    expect(await grants.list(100)).toEqual([]);
  });
}
