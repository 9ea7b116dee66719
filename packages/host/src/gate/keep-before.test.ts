import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type GateFixture, gateFixture, PLAN } from '../../test/gate-fixture.ts';
import { describeSandboxed } from '../../test/sandboxed.ts';

let fixture: GateFixture;
beforeEach(async () => {
  fixture = await gateFixture();
});
afterEach(() => fixture.remove());

const write = (text: string, changes = {}) =>
  fixture.perform(fixture.newGate(), 'polite/write', { files: { 'a.txt': text } }, changes);

describeSandboxed('[HYG-11] before an action may change files they are kept', () => {
  test('and what changed without the action saying so is an effect', async () => {
    await fixture.put('a.txt', 'old');
    expect((await write('new')).effects).toEqual([{ kind: 'file', change: 'modified', path: 'a.txt' }]);
    expect((await fixture.snapshots.changes('run_1')).changes).toMatchObject([
      { path: 'a.txt', steps: ['step'], standing: 'restorable' },
    ]);
  });

  test('not for actions that only read, for plans, and for calls of no run', async () => {
    await fixture.put('a.txt', 'old');
    await fixture.perform(fixture.newGate(), 'polite/read', { path: 'a.txt' });
    await write('planned', PLAN);
    await write('new', { loose: true });
    expect(existsSync(join(fixture.dataDir, 'undo.db'))).toBe(false);
  });

  test('and where they cannot be kept nothing is performed', async () => {
    await fixture.put('a.txt', 'old');
    writeFileSync(join(fixture.dataDir, 'undo.db'), 'no database'.repeat(1_000));
    expect((await write('new')).outcome).toMatchObject({ ok: false, failure: { code: 'store_corrupt' } });
    expect(await fixture.read('a.txt')).toBe('old');
  });
});
