import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type GateFixture, gateFixture } from '../../test/gate-fixture.ts';
import { describeSandboxed } from '../../test/sandboxed.ts';
import { buildWorker } from '../../test/worker-fixture.ts';
import type { SandboxReport, Tier } from '../ports/sandbox.ts';
import { besideRunner } from '../testing/beside-runner.ts';
import { openRunner } from '../workers/open-runner.ts';
import { requiredTier } from './required-tier.ts';

const POLICY = { allow: [], ask: [], deny: [], sandbox: 'warn' } as const;
const ENFORCED: SandboxReport = { level: 'enforced', mechanism: 'test', missing: [] };

let fixture: GateFixture;
beforeEach(async () => {
  fixture = await gateFixture();
});
afterEach(() => fixture.remove());

describeSandboxed('a call through the gate', () => {
  test('[WRK-57] is performed, and the decision and its outcome are recorded', async () => {
    const { outcome } = await fixture.perform(fixture.newGate(), 'polite/echo', { text: 'hi' });
    expect(outcome).toEqual({ ok: true, output: { text: 'hi' } });
    expect(await fixture.audited()).toMatchObject([
      {
        operation: 'call',
        worker: 'polite',
        action: 'echo',
        decision: 'allowed',
        rule: 'apply',
        principal: 'user:ann',
        run: 'run_1',
      },
      { operation: 'call', decision: 'allowed', outcome: 'succeeded' },
    ]);
  });

  test('[WRK-64] an input that does not fit is refused with every fault, and nothing is started', async () => {
    const { outcome } = await fixture.perform(fixture.newGate(), 'polite/echo', { text: 5, other: 1 });
    expect(outcome).toMatchObject({
      ok: false,
      failure: { code: 'invalid_input', details: { faults: [{ pointer: '/text' }, { pointer: '/other' }] } },
    });
    expect(await fixture.audited()).toMatchObject([{ decision: 'denied', rule: 'invalid_input' }]);
  });

  test('[WRK-58] an output that the manifest does not promise is a failure', async () => {
    const { outcome } = await fixture.perform(fixture.newGate(), 'polite/wrong');
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'invalid_output', message: /promised/ } });
  });

  test('an action that is not there is a failure with the nearest names', async () => {
    const { outcome } = await fixture.perform(fixture.newGate(), 'polite/ecko');
    expect(outcome).toMatchObject({
      ok: false,
      failure: { code: 'not_found', hint: 'did you mean polite/echo?' },
    });
  });

  test('what the engine must know stands in the manifest', () => {
    const gate = fixture.newGate();
    expect(gate.describe('polite/echo')).toEqual({ repeatable: true, class: 'io' });
    expect(gate.describe('polite/write')).toMatchObject({ repeatable: false });
    expect(() => gate.describe('polite/none')).toThrow('no action');
  });
});

describe('where the sandbox is weak', () => {
  const weak = async (): Promise<SandboxReport> => ({
    level: 'advisory',
    mechanism: 'none',
    missing: ['nothing is enforced'],
    hint: 'install it',
  });

  const onlyOs = async (tier: Tier) => (tier === 'os' ? ENFORCED : weak());

  test('[WRK-20] it is said once, or refused where the policy requires more', async () => {
    const gate = fixture.newGate({ sandboxReport: weak });
    await fixture.perform(gate, 'polite/echo', { text: 'x' });
    await fixture.perform(gate, 'polite/echo', { text: 'x' });
    expect(fixture.logs.filter((line) => line.includes('nothing is enforced'))).toHaveLength(1);
    const strict = fixture.newGate({
      sandboxReport: weak,
      policy: { allow: [], ask: [], deny: [], sandbox: 'require' },
    });
    expect((await fixture.perform(strict, 'polite/echo', { text: 'x' })).outcome).toMatchObject({
      failure: { code: 'no_sandbox', hint: /install it/ },
    });
  });

  test('[WRK-20] a worker that did not come with Cadre is not run in the open', async () => {
    const own = join(fixture.workspace, '.cadre/workers/polite');
    await buildWorker('polite', own);
    await rm(join(fixture.workers, 'polite'), { recursive: true });
    const foreign = openRunner({
      ...besideRunner(),
      builtInFolder: fixture.workers,
      workspace: fixture.workspace,
      sandbox: fixture.sandbox,
    });
    const gate = fixture.newGate({ runner: foreign, sandboxReport: weak });
    expect((await fixture.perform(gate, 'polite/echo', { text: 'x' })).outcome).toMatchObject({
      failure: { code: 'no_sandbox' },
    });
    await foreign.close();
  });

  test('[WRK-19] a tier that is not to be had is refused, whoever wants it', async () => {
    const container = { ...POLICY, tiers: { builtIn: 'container', signed: 'os', unsigned: 'os' } } as const;
    const gate = fixture.newGate({ sandboxReport: onlyOs, policy: container });
    expect((await fixture.perform(gate, 'polite/echo', { text: 'x' })).outcome).toMatchObject({
      failure: {
        code: 'no_sandbox',
        message: /tier 3 \(container\)/,
        details: { required: 'container', trust: 'builtIn', missing: ['nothing is enforced'] },
      },
    });
    expect(await fixture.audited()).toContainEqual(
      expect.objectContaining({ operation: 'call', decision: 'denied', rule: 'no_sandbox' }),
    );
  });

  test('[WRK-19] where it comes from decides what a worker needs, and its own wish only adds to that', () => {
    const [built] = fixture.runner.list();
    if (built === undefined) throw new Error('there is no worker');
    const tiers = { builtIn: 'process', signed: 'process', unsigned: 'os' } as const;
    const wishing = (isolation: 'process' | 'remote') => ({
      ...built,
      manifest: { ...built.manifest, isolation },
    });
    const foreign = { ...built, builtIn: false };
    expect(requiredTier(built, tiers)).toBe('process');
    expect(requiredTier(foreign, tiers)).toBe('os');
    expect(requiredTier({ ...foreign, signedBy: 'key' }, tiers)).toBe('process');
    expect(requiredTier({ ...wishing('process'), builtIn: false }, tiers)).toBe('os');
    expect(requiredTier(wishing('remote'), tiers)).toBe('remote');
  });

  test('a worker that did not come with Cadre is asked for everything', async () => {
    const own = join(fixture.workspace, '.cadre/workers/polite');
    await buildWorker('polite', own);
    await rm(join(fixture.workers, 'polite'), { recursive: true });
    const foreign = openRunner({
      ...besideRunner(),
      builtInFolder: fixture.workers,
      workspace: fixture.workspace,
      sandbox: fixture.sandbox,
    });
    const gate = fixture.newGate({ runner: foreign, sandboxReport: async () => ENFORCED });
    expect((await fixture.perform(gate, 'polite/read', { path: 'a' })).outcome).toMatchObject({
      failure: { code: 'denied' },
    });
    expect(fixture.questions).toMatchObject([
      { permission: 'fs:read:.', sentence: 'polite wants to read files in the workspace' },
    ]);
    await foreign.close();
  });
});
