import type { JsonObject } from '@cadre/sdk';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { fixtureCall, type WorkerFixture, workerFixture } from '../../test/worker-fixture.ts';
import type { ActionRunner } from '../ports/action-runner.ts';
import type { PoolFigures } from '../ports/figures.ts';
import { openSandbox } from '../sandboxes/open-sandbox.ts';
import { keptQuarantines } from '../testing/kept-quarantines.ts';
import { simulatedClock } from '../testing/simulated-clock.ts';
import { until } from '../testing/until.ts';
import { workerStates } from '../upkeep/worker-states.ts';
import { openRunner } from './open-runner.ts';

let fixture: WorkerFixture;
const runners: ActionRunner[] = [];
beforeAll(async () => {
  fixture = await workerFixture('polite', 'hostile', 'thirsty');
});
afterEach(async () => {
  for (const runner of runners.splice(0)) await runner.close();
});
afterAll(() => fixture?.remove());

function newRunner(errors = 0.05) {
  const clock = simulatedClock();
  const runner = openRunner({
    clock,
    quarantines: keptQuarantines(),
    builtInFolder: fixture.workers,
    workspace: fixture.workspace,
    sandbox: openSandbox({ workspace: fixture.workspace, environment: process.env }),
    times: { graceMs: 300 },
    poolOf: () => ({ errors }),
  });
  runners.push(runner);
  const figures = (worker: string) => runner.figures().find((pool) => pool.worker === worker) as PoolFigures;
  return { runner, clock, figures };
}

const VERSIONS: Readonly<Record<string, string>> = { polite: '1.2.0', hostile: '0.1.0', thirsty: '1.0.0' };

function perform(runner: ActionRunner, uses: string, input: JsonObject = {}) {
  const [worker = '', action = ''] = uses.split('/');
  const version = VERSIONS[worker] ?? '';
  return runner.perform(
    fixtureCall(fixture, { worker, version, action, input }),
    new AbortController().signal,
    {
      log: () => {},
      progress: () => {},
      effect: () => {},
      spend: () => {},
      measure: () => {
        throw new Error('it has no limits');
      },
      request: async () => ({ ok: true, output: true }),
    },
  );
}

const seen = (figures: () => PoolFigures) =>
  until('it was looked at what its processes use', () => figures().usage !== undefined);

test('[WRK-13] memory and processor time of a worker are seen with all that it has started, also when it is gone', async () => {
  const { runner, clock, figures } = newRunner();
  const pool = () => figures('thirsty');
  expect((await perform(runner, 'thirsty/compute', { rounds: 100_000 })).ok).toBe(true);
  expect(pool().usage).toBeUndefined();
  await clock.advance(5_000);
  await seen(pool);
  const { memoryBytes = 0, peakBytes = 0, cpuMs = 0 } = pool().usage ?? {};
  expect(memoryBytes).toBeGreaterThan(1_000_000);
  expect(peakBytes).toBe(memoryBytes);
  expect(cpuMs).toBeGreaterThan(10);
  expect(pool()).toMatchObject({
    started: { at: expect.any(Number), readyMs: expect.any(Number) },
    starts: 1,
  });
  // It has rested for its time.
  await clock.advance(300_000);
  await until('its process is gone', () => pool().processes === 0);
  expect(pool().usage).toMatchObject({ memoryBytes: 0, peakBytes: expect.any(Number) });
  expect(pool().usage?.cpuMs).toBeGreaterThanOrEqual(cpuMs);
  expect(pool().usage?.peakBytes).toBeGreaterThanOrEqual(peakBytes);
});

test('[WRK-13] how long calls took is counted, and whoever rests is not looked at', async () => {
  const { runner, clock, figures } = newRunner();
  const pool = () => figures('polite');
  for (let call = 0; call < 3; call += 1) await perform(runner, 'polite/echo', { text: 'a' });
  const { counts = [], sumMs = 0 } = pool().times ?? {};
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(3);
  expect(sumMs).toBeGreaterThan(0);
  await clock.advance(5_000);
  await seen(pool);
  const before = JSON.stringify(pool().usage);
  await clock.advance(60_000);
  expect(JSON.stringify(pool().usage)).toBe(before);
});

test('[WRK-13] faults of a worker use up its budget of errors, and failures of its work do not', async () => {
  const { runner, figures } = newRunner(0.5);
  const state = () => workerStates(['polite'], [{ pools: [figures('polite')] }], [])[0]?.status;
  const fail = (code: string) => perform(runner, 'polite/fail', { code, message: 'no' });
  for (let call = 0; call < 4; call += 1) await fail('work_failed');
  expect(figures('polite')).toMatchObject({ failed: 4, recent: { calls: 4, faults: 0 } });
  for (let call = 0; call < 4; call += 1) await fail('worker_fault');
  expect([figures('polite').recent, state()]).toEqual([{ calls: 8, faults: 4, share: 0.5 }, 'ok']);
  await fail('worker_fault');
  expect(state()).toBe('degraded');
  await perform(runner, 'polite/echo', { text: 'a' });
  expect(state()).toBe('ok');
  for (let call = 0; call < 94; call += 1) await perform(runner, 'polite/echo', { text: 'a' });
  // Of the last 100 calls.
  expect(figures('polite').recent).toEqual({ calls: 100, faults: 5, share: 0.5 });
  await perform(runner, 'polite/echo', { text: 'a' });
  expect(figures('polite').recent).toMatchObject({ calls: 100, faults: 4 });
});
