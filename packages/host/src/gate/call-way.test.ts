import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type GateFixture, gateFixture, PLAN, pathsOf } from '../../test/gate-fixture.ts';
import { describeSandboxed } from '../../test/sandboxed.ts';

let fixture: GateFixture;
beforeEach(async () => {
  fixture = await gateFixture();
});
afterEach(() => fixture.remove());

describeSandboxed('a plan', () => {
  test('performs on a copy, tells the difference, and leaves the workspace as it was', async () => {
    await fixture.put('a.txt', 'one\n');
    const gate = fixture.newGate();
    const { outcome, effects } = await fixture.perform(
      gate,
      'polite/write',
      { files: { 'a.txt': 'two\n', 'b/c.txt': 'x' } },
      PLAN,
    );
    expect(outcome.ok).toBe(true);
    expect(effects).toMatchObject([
      { kind: 'file', change: 'modified', path: 'a.txt', diff: expect.stringContaining('-one\n+two') },
      { kind: 'file', change: 'created', path: 'b/c.txt' },
    ]);
    expect(await fixture.read('a.txt')).toBe('one\n');
    expect(await readdir(fixture.workspace)).toEqual(['a.txt']);
  });

  test('a later step sees what an earlier one would have done, also when both are of one worker', async () => {
    const gate = fixture.newGate();
    await fixture.perform(gate, 'polite/write', { files: { 'a.txt': 'planned' } }, PLAN);
    const { effects } = await fixture.perform(
      gate,
      'polite/run',
      { program: 'sh', arguments: ['-c', 'cat a.txt > b.txt; cat b.txt'] },
      PLAN,
    );
    expect(effects).toMatchObject([{ path: 'b.txt', diff: expect.stringContaining('+planned') }]);
  });

  test('what an action reports itself is not told twice', async () => {
    await fixture.put('a.txt', 'one');
    const { effects } = await fixture.perform(
      fixture.newGate(),
      'polite/write',
      { files: { 'a.txt': 'two' }, report: true },
      PLAN,
    );
    expect(effects).toEqual([{ kind: 'file', change: 'modified', path: 'a.txt' }]);
  });

  test('an action that reports can write nothing', async () => {
    const { outcome, effects } = await fixture.perform(fixture.newGate(), 'polite/report', {}, PLAN);
    expect(outcome).toEqual({ ok: true, output: { mode: 'preview', written: false } });
    expect(pathsOf(effects)).toEqual(['reported.txt']);
    expect(await readdir(fixture.workspace)).toEqual([]);
  });

  test('an action that nobody can preview is not performed', async () => {
    const { outcome, effects } = await fixture.perform(fixture.newGate(), 'polite/unknown', {}, PLAN);
    expect(outcome).toEqual({ ok: true, output: null });
    expect(effects).toEqual([
      { kind: 'command', command: 'polite/unknown', purpose: 'effects unknown until it runs' },
    ]);
  });

  test('an action that only reads is performed, on the workspace as it is', async () => {
    await fixture.put('a.txt', 'one');
    expect(
      (await fixture.perform(fixture.newGate(), 'polite/read', { path: 'a.txt' }, PLAN)).outcome,
    ).toEqual({
      ok: true,
      output: { text: 'one' },
    });
  });

  test('asks for no secret and uses no network', async () => {
    const gate = fixture.newGate({
      policy: { allow: ['net:*', 'secret:*'], ask: [], deny: [], sandbox: 'warn' },
    });
    expect(
      (await fixture.perform(gate, 'polite/given', { password: { $secret: 'TOKEN' } }, PLAN)).outcome,
    ).toMatchObject({ ok: true, output: { password: 'secret:TOKEN' } });
    expect(
      (await fixture.perform(gate, 'polite/fetch', { url: 'http://127.0.0.1:1/' }, PLAN)).outcome,
    ).toMatchObject({ failure: { code: 'denied', message: /plan/ } });
    expect((await fixture.perform(gate, 'polite/secret', { name: 'TOKEN' }, PLAN)).outcome).toMatchObject({
      failure: { code: 'denied' },
    });
    expect(fixture.questions).toEqual([]);
  });

  test('what is hidden in the workspace is hidden in its copy', async () => {
    await fixture.put('.env', 'PASSWORD=1');
    const gate = fixture.newGate({ policy: { allow: [], ask: [], deny: ['fs:read:.env'], sandbox: 'warn' } });
    const { outcome } = await fixture.perform(
      gate,
      'polite/run',
      { program: 'sh', arguments: ['-c', 'cat .env'] },
      PLAN,
    );
    expect(outcome).toMatchObject({ ok: true, output: { stdout: '' } });
  });

  test('the copy is removed when the run is over', async () => {
    const gate = fixture.newGate();
    await fixture.perform(gate, 'polite/write', { files: { x: 'y' } }, PLAN);
    expect(await readdir(join(fixture.dataDir, 'scratch'))).toHaveLength(1);
    await gate.endRun('run_1');
    expect(await readdir(join(fixture.dataDir, 'scratch'))).toEqual([]);
  });
});
