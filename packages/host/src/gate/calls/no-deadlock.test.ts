import type { JsonObject } from '@cadre/sdk';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type GateFixture, gateFixture } from '../../../test/gate-fixture.ts';
import { describeSandboxed } from '../../../test/sandboxed.ts';
import type { ActionRunner } from '../../ports/action-runner.ts';
import { besideRunner } from '../../testing/beside-runner.ts';
import { sampleCall, UNHEARD } from '../../testing/sample-call.ts';
import { openRunner } from '../../workers/open-runner.ts';

let fixture: GateFixture;
let runner: ActionRunner;
beforeEach(async () => {
  fixture = await gateFixture('polite', 'caller', 'partner');
  const { workers, workspace, sandbox } = fixture;
  runner = openRunner({
    ...besideRunner(),
    builtInFolder: workers,
    workspace,
    sandbox,
    poolOf: () => ({ min: 0, max: 1 }),
  });
});
afterEach(async () => {
  await runner.close();
  await fixture.remove();
});

/** Measured calls have a process each, so that one process of a worker is one call of it. */
const ALONE = { limits: { cpuMs: 3_600_000 } };

describeSandboxed('workers with one process each that call one another', () => {
  test('[WRK-125] [WRK-17] get on, whoever holds whose process', async () => {
    const gate = fixture.newGate({ runner });
    const there = (run: string) =>
      [
        'caller/pass',
        { calls: [{ uses: 'partner/on', input: { uses: 'polite/echo', input: { text: run } } }] },
      ] as const;
    const back = (run: string) =>
      ['partner/back-to', { calls: [{ uses: 'polite/echo', input: { text: run } }] }] as const;
    const runs = ['run_1', 'run_2', 'run_3'].flatMap((run) => [
      { run, call: there(run) },
      { run: `${run}_back`, call: back(run) },
      // With the process of the one that all of them call in the end.
      { run: `${run}_direct`, call: ['polite/echo', { text: run }] as const },
    ]);
    const performed = await Promise.all(
      runs.map(({ run, call: [uses, input] }) =>
        gate.perform(
          sampleCall(uses, input as unknown as JsonObject, { run, ...ALONE }),
          new AbortController().signal,
          UNHEARD,
        ),
      ),
    );
    expect(performed.map(({ outcome }) => (outcome.ok ? 'ok' : outcome.failure.message))).toEqual(
      runs.map(() => 'ok'),
    );
  });

  test('[WRK-125] an action can call another one of its own worker', async () => {
    const gate = fixture.newGate({ runner });
    const { outcome } = await gate.perform(
      sampleCall('partner/level-2', {}, ALONE),
      new AbortController().signal,
      UNHEARD,
    );
    expect(outcome).toEqual({ ok: true, output: { level: 9 } });
  });
});
