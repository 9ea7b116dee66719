import { expect, test } from 'vitest';
import { created, started, succeeded } from '../testing/sample-events.ts';
import type { AuditEntry } from './audit-store.ts';
import type { Store } from './store.ts';

const BY = { principal: 'user:ada', at: 9, reason: 'because' };

const entry = (run?: string): AuditEntry => ({
  at: 1,
  principal: 'user:ada',
  worker: 'git',
  action: 'commit',
  operation: 'call',
  decision: 'allowed',
  rule: 'grant g1',
  // What no text of a database can hold.
  target: '\u0000 \ud800 "run":"run_other" \\u0000',
  ...(run === undefined ? {} : { run }),
});

export function auditRemovalContract(open: () => Store): void {
  async function fill(...runs: readonly (string | undefined)[]): Promise<void> {
    for (const run of runs) await open().audit.append(entry(run));
  }

  async function begin(number: number) {
    const [record] = await open().audit.read(number - 1, 1);
    const { hash = '' } = record ?? {};
    return open().auditRemoval.begin({ number, hash, statement: `{"number":${number}}` }, entry());
  }

  const numbers = async () => (await open().audit.read(0)).map(({ number }) => number);

  const over = (run: string) => open().runs.create(run, [created(1), started(1), succeeded(1)]);

  test('nothing goes without a beginning, and after one the oldest go, a few at a time [WRK-18]', async () => {
    const { auditRemoval } = open();
    expect(await auditRemoval.extent()).toBeUndefined();
    await fill(...Array.from({ length: 10 }, () => undefined));
    expect(await auditRemoval.removeOldest(5)).toBe(0);
    const record = await begin(7);
    expect(record).toMatchObject({ number: 11, entry: expect.stringContaining('"git"') });
    expect(await auditRemoval.beginnings()).toMatchObject([{ number: 7, statement: '{"number":7}' }]);
    expect(await auditRemoval.removeOldest(5)).toBe(5);
    expect(await numbers()).toEqual([6, 7, 8, 9, 10, 11]);
    expect(await auditRemoval.removeOldest(5)).toBe(2);
    expect(await auditRemoval.removeOldest(5)).toBe(0);
    expect(await auditRemoval.extent()).toEqual({ first: 8, last: 11 });
    expect((await open().audit.append(entry())).number).toBe(12);
  });

  test('a beginning names a record that is there, and each a later one: of two that make one at once, one does', async () => {
    await fill(undefined, undefined, undefined, undefined);
    const both = await Promise.all([begin(3), begin(3)]);
    expect(both.filter((one) => one !== undefined)).toHaveLength(1);
    expect(await begin(2)).toBeUndefined();
    await expect(
      open().auditRemoval.begin({ number: 4, hash: 'f'.repeat(64), statement: '{}' }, entry()),
    ).rejects.toThrow('names a record that is there');
    expect(await open().auditRemoval.beginnings()).toHaveLength(1);
    expect(await numbers()).toEqual([1, 2, 3, 4, 5]);
  });

  test('records of runs that are pinned, held or not over stay, and what comes after them [WRK-50]', async () => {
    const { auditRemoval, upkeep, runs } = open();
    await over('run_1');
    await over('run_2');
    await runs.create('run_3', [created(1), started(1)]);
    await fill(undefined, 'run_1', 'run_2.child', 'run_3', 'run_gone', 'call_1', undefined);
    await begin(7);
    expect(await auditRemoval.findHeld(0, 7)).toEqual({ number: 4, run: 'run_3', why: 'going on' });
    await upkeep.pin('run_2', BY);
    expect(await auditRemoval.findHeld(0, 7)).toEqual({ number: 3, run: 'run_2.child', why: 'pin' });
    await upkeep.hold('case', { workflow: 'hygiene', ...BY });
    expect(await auditRemoval.findHeld(0, 7)).toEqual({ number: 2, run: 'run_1', why: 'hold' });
    expect(await auditRemoval.removeOldest(100)).toBe(1);
    await upkeep.hold('all', { workflow: '*', ...BY });
    expect(await auditRemoval.findHeld(5, 7)).toEqual({ number: 6, run: 'call_1', why: 'hold' });
    await upkeep.release('all');
    await upkeep.release('case');
    expect(await auditRemoval.removeOldest(100)).toBe(1);
    await upkeep.unpin('run_2');
    expect(await auditRemoval.removeOldest(100)).toBe(1);
    await runs.append('run_3', 2, [succeeded(2)]);
    await upkeep.hold('other', { workflow: 'other', ...BY });
    expect(await auditRemoval.findHeld(3, 7)).toEqual({ number: 5, run: 'run_gone', why: 'perhaps' });
    await upkeep.release('other');
    expect(await auditRemoval.findHeld(0, 7)).toBeUndefined();
    expect(await auditRemoval.removeOldest(100)).toBe(4);
    expect(await numbers()).toEqual([8]);
  });
}
