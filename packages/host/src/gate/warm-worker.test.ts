import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type GateFixture, gateFixture } from '../../test/gate-fixture.ts';
import { describeSandboxed } from '../../test/sandboxed.ts';
import type { ActionRunner } from '../ports/action-runner.ts';
import { besideRunner } from '../testing/beside-runner.ts';
import { openRunner } from '../workers/open-runner.ts';
import type { GateSettings } from './gate-settings.ts';

let fixture: GateFixture;
const runners: ActionRunner[] = [];
beforeAll(async () => {
  fixture = await gateFixture();
});
afterEach(async () => {
  for (const runner of runners.splice(0)) await runner.close();
});
afterAll(() => fixture?.remove());

/** A process of Cadre that keeps one process of the worker warm. */
function start(policy: Partial<GateSettings['policy']> = {}) {
  const { workers, workspace, sandbox, store } = fixture;
  const runner = openRunner({
    ...besideRunner(),
    builtInFolder: workers,
    workspace,
    sandbox,
    poolOf: () => ({ min: 1 }),
  });
  runners.push(runner);
  const warm = { workers: ['polite'], calls: store.pools.warmCalls };
  const all = { allow: [], ask: [], deny: [], sandbox: 'warn', ...policy } as const;
  const gate = fixture.newGate({ runner, policy: all, warm });
  return { gate, figures: () => runner.figures()[0] };
}

describeSandboxed('a worker that is kept warm', () => {
  test('[WRK-125] is started for what the last call was started for, and the next call finds it', async () => {
    const before = start();
    await fixture.perform(before.gate, 'polite/write', { files: { a: 'secret text' } });
    const kept = await fixture.store.pools.warmCalls.find('polite');
    expect(kept).toEqual({ uses: 'polite/write', principal: 'user:ann', permissionSets: [] });
    const { gate, figures } = start();
    await gate.warm('polite');
    expect(figures()).toMatchObject({ processes: 1, idle: 1, starts: 1 });
    await gate.warm('polite');
    const performed = await fixture.perform(gate, 'polite/write', { files: { b: 'x' } });
    expect(performed.outcome).toMatchObject({ ok: true });
    expect(figures()).toMatchObject({ starts: 1, performed: 1 });
    const records = (await fixture.audited()).filter(({ operation }) => operation === 'warm');
    expect(records).toMatchObject([{ worker: 'polite', action: 'write', decision: 'allowed' }]);
  });

  test('[WRK-125] is started for nothing that would not be allowed now without a question', async () => {
    const warmed = start();
    await fixture.perform(warmed.gate, 'polite/write', { files: { a: 'x' } });
    for (const policy of [{ deny: ['fs:write:.'] }, { ask: ['fs:write:.'] }]) {
      const refused = start(policy);
      await refused.gate.warm('polite');
      expect(refused.figures()).toMatchObject({ processes: 0, starts: 0 });
    }
    expect(fixture.questions).toEqual([]);
  });

  test('[WRK-125] of a call with variables of its own, and of a plan, nothing is kept', async () => {
    const { gate } = start();
    await fixture.perform(gate, 'polite/echo', { text: 'x' });
    await fixture.perform(gate, 'polite/environment', {}, { env: { TOKEN: 'hush' } });
    await fixture.perform(gate, 'polite/write', { files: {} }, { mode: 'plan' });
    expect(await fixture.store.pools.warmCalls.find('polite')).toMatchObject({ uses: 'polite/echo' });
  });
});
