import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type GateFixture, gateFixture } from '../../test/gate-fixture.ts';
import { describeSandboxed } from '../../test/sandboxed.ts';
import { withPersonalGrants } from '../personal-grants.ts';
import type { Gate } from '../ports/gate.ts';
import { openSqliteStore } from '../stores/open-sqlite-store.ts';
import { besideRunner } from '../testing/beside-runner.ts';
import { openRunner } from '../workers/open-runner.ts';

let fixture: GateFixture;
beforeEach(async () => {
  fixture = await gateFixture();
});
afterEach(() => fixture.remove());

describeSandboxed('permissions', () => {
  test('[WRK-15] what no rule and no grant allows is asked with real values, and the answer holds as long as it says', async () => {
    const gate = fixture.newGate();
    fixture.answers.push('once', 'run');
    for (const run of ['run_1', 'run_1', 'run_1', 'run_2'])
      await fixture.perform(gate, 'polite/secret', { name: 'TOKEN' }, { run });
    expect(fixture.questions).toMatchObject([
      { permission: 'secret:TOKEN', sentence: 'polite wants to use the secret TOKEN', run: 'run_1' },
      { permission: 'secret:TOKEN', run: 'run_1' },
      { permission: 'secret:TOKEN', run: 'run_2' },
    ]);
    expect(
      (await fixture.audited()).filter(({ operation }) => operation === 'ask').map(({ outcome }) => outcome),
    ).toEqual(['once', 'run', 'nobody to ask']);
  });

  test('[WRK-16] where there is nobody to ask it is refused with what was tried, which rule, and how to fix it', async () => {
    const { outcome } = await fixture.perform(fixture.newGate(), 'polite/secret', { name: 'TOKEN' });
    expect(outcome).toMatchObject({
      ok: false,
      failure: {
        code: 'denied',
        hint: 'cadre grant add polite secret:TOKEN',
        details: {
          permission: 'secret:TOKEN',
          target: 'TOKEN',
          rule: expect.stringContaining('nobody to ask'),
          fix: 'cadre grant add polite secret:TOKEN',
        },
      },
    });
    expect(await fixture.audited()).toContainEqual(
      expect.objectContaining({
        operation: 'secret',
        permission: 'secret:TOKEN',
        target: 'TOKEN',
        decision: 'denied',
      }),
    );
  });

  test('[WRK-16] an answer for the workspace is a stored grant, which a changed manifest and another person do not share', async () => {
    const gate = fixture.newGate();
    fixture.answers.push('workspace');
    expect((await fixture.perform(gate, 'polite/secret', { name: 'TOKEN' })).outcome.ok).toBe(true);
    expect(
      (await fixture.perform(gate, 'polite/secret', { name: 'TOKEN' }, { run: 'run_9' })).outcome.ok,
    ).toBe(true);
    expect(fixture.questions).toHaveLength(1);
    const [grant] = await fixture.store.grants.list(0);
    expect(grant).toMatchObject({
      principal: 'user:ann',
      worker: 'polite',
      permission: 'secret:TOKEN',
      decision: 'allow',
    });
    expect(grant).not.toHaveProperty('run');
    expect(
      (await fixture.perform(gate, 'polite/secret', { name: 'TOKEN' }, { principal: 'user:bob' })).outcome.ok,
    ).toBe(false);

    const manifest = join(fixture.workers, 'polite/worker.yaml');
    await writeFile(manifest, `${await readFile(manifest, 'utf8')}\ntags: [changed]\n`);
    const changed = openRunner({
      ...besideRunner(),
      builtInFolder: fixture.workers,
      workspace: fixture.workspace,
      sandbox: fixture.sandbox,
    });
    expect(
      (await fixture.perform(fixture.newGate({ runner: changed }), 'polite/secret', { name: 'TOKEN' }))
        .outcome.ok,
    ).toBe(false);
    expect(fixture.questions).toHaveLength(3);
    await changed.close();
  });

  test('[WRK-16] revoking a grant takes effect on the next call', async () => {
    const gate = fixture.newGate();
    fixture.answers.push('workspace');
    await fixture.perform(gate, 'polite/secret', { name: 'TOKEN' });
    const [grant] = await fixture.store.grants.list(0);
    await fixture.store.grants.revoke(grant?.id ?? '');
    expect((await fixture.perform(gate, 'polite/secret', { name: 'TOKEN' })).outcome).toMatchObject({
      failure: { code: 'denied' },
    });
  });

  test('what was answered for a call by itself is forgotten with it', async () => {
    const gate = fixture.newGate();
    fixture.answers.push('deny', 'run');
    for (const run of ['call_1', 'call_2'])
      await fixture.perform(gate, 'polite/secret', { name: 'TOKEN' }, { run, loose: true });
    expect(fixture.questions).toHaveLength(2);
    expect(await fixture.store.grants.list(0)).toEqual([]);
  });

  test('a no holds for the run, and names the way back', async () => {
    const gate = fixture.newGate();
    fixture.answers.push('deny', 'workspace');
    await fixture.perform(gate, 'polite/secret', { name: 'TOKEN' });
    const { outcome } = await fixture.perform(gate, 'polite/secret', { name: 'TOKEN' });
    expect(fixture.questions).toHaveLength(1);
    expect(outcome).toMatchObject({
      failure: { code: 'denied', hint: expect.stringMatching(/^cadre grant revoke grant_/) },
    });
    await gate.endRun('run_1');
    expect(
      (await fixture.perform(gate, 'polite/secret', { name: 'TOKEN' }, { run: 'run_2' })).outcome.ok,
    ).toBe(true);
  });

  test('[WRK-16] a grant that is over allows nothing more, from the next call on', async () => {
    const gate = fixture.newGate();
    fixture.answers.push('workspace');
    await fixture.perform(gate, 'polite/secret', { name: 'TOKEN' });
    const [grant] = await fixture.store.grants.list(0);
    if (grant === undefined) throw new Error('there is no grant');
    await fixture.store.grants.put({ ...grant, expiresAt: Date.now() + 3_600_000 });
    const call = () => fixture.perform(gate, 'polite/secret', { name: 'TOKEN' });
    expect((await call()).outcome.ok).toBe(true);
    await fixture.store.grants.put({ ...grant, expiresAt: Date.now() });
    expect((await call()).outcome).toMatchObject({ failure: { code: 'denied' } });
  });

  test('[WRK-15] an answer for all workspaces holds in another one, and for no code that lies in a workspace', async () => {
    const grants = withPersonalGrants(fixture.store.grants, join(fixture.dataDir, 'personal-grants'));
    fixture.answers.push('always');
    const call = (gate: Gate) => fixture.perform(gate, 'polite/secret', { name: 'TOKEN' });
    expect((await call(fixture.newGate({ grants }))).outcome.ok).toBe(true);
    expect(fixture.questions[0]).toMatchObject({ origin: 'built in', mayAlways: true });
    expect(await fixture.store.grants.list(0)).toEqual([]);
    const other = await openSqliteStore(':memory:');
    const elsewhere = withPersonalGrants(other.grants, join(fixture.dataDir, 'personal-grants'));
    expect((await call(fixture.newGate({ grants: elsewhere }))).outcome.ok).toBe(true);

    // Another repository brings a worker of this name, with the same manifest and other code.
    await cp(join(fixture.workers, 'polite'), join(fixture.workspace, '.cadre/workers/polite'), {
      recursive: true,
    });
    const brought = openRunner({
      ...besideRunner(),
      builtInFolder: join(fixture.dataDir, 'none'),
      workspace: fixture.workspace,
      sandbox: fixture.sandbox,
    });
    expect((await call(fixture.newGate({ grants: elsewhere, runner: brought }))).outcome.ok).toBe(false);
    expect(fixture.questions.at(-1)).toMatchObject({ origin: 'workspace', mayAlways: false });
    await brought.close();
    await other.close();
  });

  test('[WRK-16] a store cannot say of its grants that they hold elsewhere', async () => {
    const grants = withPersonalGrants(fixture.store.grants, join(fixture.dataDir, 'personal-grants'));
    fixture.answers.push('workspace');
    await fixture.perform(fixture.newGate({ grants }), 'polite/secret', { name: 'TOKEN' });
    const [grant] = await fixture.store.grants.list(0);
    if (grant === undefined) throw new Error('there is no grant');
    await fixture.store.grants.put({ ...grant, everywhere: true });
    expect(await grants.list(0)).toEqual([grant]);
  });

  test('[WRK-15] what is asked names the program with its arguments, each apart from the others', async () => {
    const policy = { allow: [], ask: ['shell:*'], deny: [], sandbox: 'warn' as const };
    const gate = fixture.newGate({ policy });
    fixture.answers.push('deny');
    await fixture.perform(gate, 'polite/run', { program: 'sh', arguments: ['-c', "echo 'a b'; rm x"] });
    expect(fixture.questions.at(-1)).toMatchObject({
      permission: 'shell:sh',
      target: expect.stringMatching(/^\/.*\/sh -c 'echo '\\''a b'\\''; rm x'$/),
    });
  });

  test('[WRK-18] a refusal has one shape in the failure and in the record, and names the grant that refused it', async () => {
    const gate = fixture.newGate();
    fixture.answers.push('deny');
    await fixture.perform(gate, 'polite/secret', { name: 'TOKEN' });
    const { outcome } = await fixture.perform(gate, 'polite/secret', { name: 'TOKEN' });
    const [grant] = await fixture.store.grants.list(0);
    const violation = {
      permission: 'secret:TOKEN',
      target: 'TOKEN',
      rule: 'a person refused it for this run',
      grant: grant?.id,
      fix: `cadre grant revoke ${grant?.id}`,
    };
    expect(outcome).toMatchObject({ failure: { code: 'denied', details: violation } });
    expect((await fixture.audited()).at(-2)).toMatchObject({
      ...violation,
      decision: 'denied',
      version: '1.2.0',
    });
  });

  test('[WRK-17] workflow and step narrow what the manifest asks for, and nothing widens it', async () => {
    const gate = fixture.newGate({
      policy: { allow: ['secret:*', 'shell:*', 'net:*'], ask: [], deny: [], sandbox: 'warn' },
    });
    const narrowed = await fixture.perform(
      gate,
      'polite/secret',
      { name: 'TOKEN' },
      { permissionSets: [['fs:write:.']] },
    );
    expect(narrowed.outcome).toMatchObject({
      failure: { code: 'denied', details: { rule: expect.stringContaining('workflow') } },
    });
    const beyond = await fixture.perform(gate, 'polite/secret', { name: 'OTHER' });
    expect(beyond.outcome).toMatchObject({
      failure: { code: 'denied', hint: expect.stringContaining('worker.yaml') },
    });
    await fixture.put('a.txt', 'a');
    const reading = { permissionSets: [['fs:read:.']] };
    expect((await fixture.perform(gate, 'polite/read', { path: 'a.txt' }, reading)).outcome).toEqual({
      ok: true,
      output: { text: 'a' },
    });
    expect(
      (await fixture.perform(gate, 'polite/write', { files: { 'a.txt': 'b' } }, reading)).outcome,
    ).toMatchObject({
      ok: false,
      failure: { details: { systemCode: 'EROFS' } },
    });
    expect(await fixture.read('a.txt')).toBe('a');
  });

  test('[WRK-17] a set that names something unknown is refused', async () => {
    const { outcome } = await fixture.perform(
      fixture.newGate(),
      'polite/echo',
      { text: 'x' },
      { permissionSets: [['fs:raed:.']] },
    );
    expect(outcome).toMatchObject({ failure: { code: 'invalid_workflow', hint: 'did you mean "fs:read"?' } });
  });

  test('a faulty policy is refused when the gate is made', () => {
    expect(() =>
      fixture.newGate({ policy: { allow: ['nett:*'], ask: [], deny: [], sandbox: 'warn' } }),
    ).toThrow('policy.allow');
  });

  test('[WRK-18] each program that a worker runs is decided and recorded', async () => {
    const { outcome } = await fixture.perform(fixture.newGate(), 'polite/run', {
      program: 'sh',
      arguments: ['-c', 'echo hi'],
    });
    expect(outcome).toMatchObject({ ok: true, output: { stdout: 'hi\n', code: 0 } });
    expect(await fixture.audited()).toContainEqual(
      expect.objectContaining({
        operation: 'exec',
        permission: 'shell:sh',
        target: expect.stringMatching(/\/sh -c 'echo hi'$/),
        decision: 'allowed',
        rule: 'policy.allow shell:*',
      }),
    );
  });

  test('[WRK-14] only granted variables of the environment are handed on', async () => {
    fixture.answers.push('once');
    const { outcome } = await fixture.perform(
      fixture.newGate(),
      'polite/environment',
      {},
      { env: { OF_STEP: 'x' } },
    );
    expect(outcome).toMatchObject({ ok: true, output: { CADRE_TEST_GIVEN: 'given', OF_STEP: 'x' } });
    expect((outcome as { output: object }).output).not.toHaveProperty('CADRE_OTHER');
    expect(fixture.questions).toMatchObject([{ permission: 'env:CADRE_TEST_*' }]);
  });
});
