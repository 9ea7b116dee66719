import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '@cadre/sdk';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { describeSandboxed } from '../../test/sandboxed.ts';
import { fixtureCall, type WorkerFixture, workerFixture } from '../../test/worker-fixture.ts';
import type { ActionCall, ActionRunner, Confinement } from '../ports/action-runner.ts';
import { openSandbox } from '../sandboxes/open-sandbox.ts';
import { keptQuarantines } from '../testing/kept-quarantines.ts';
import { simulatedClock } from '../testing/simulated-clock.ts';
import { until } from '../testing/until.ts';
import { openRunner } from './open-runner.ts';
import type { PoolSetting } from './pool-setting.ts';

const MINUTE = 60_000;

let fixture: WorkerFixture;
const runners: ActionRunner[] = [];
beforeAll(async () => {
  fixture = await workerFixture('polite', 'hostile');
});
afterEach(async () => {
  for (const runner of runners.splice(0)) await runner.close();
});
afterAll(() => fixture?.remove());

function newRunner(pool: Partial<PoolSetting>) {
  const clock = simulatedClock();
  const quarantines = keptQuarantines();
  const runner = openRunner({
    clock,
    quarantines,
    builtInFolder: fixture.workers,
    workspace: fixture.workspace,
    sandbox: openSandbox({ workspace: fixture.workspace, environment: process.env }),
    times: { graceMs: 300 },
    poolOf: () => pool,
  });
  runners.push(runner);
  return { runner, clock, quarantines };
}

const wide = (): Confinement => ({
  readable: [],
  writable: [fixture.workspace, fixture.dataDir],
  hidden: [],
  programs: ['*'],
  hosts: [],
});
const narrow = (): Confinement => ({ ...wide(), programs: [] });

interface Given extends Partial<ActionCall> {
  readonly signal?: AbortSignal;
  readonly onLog?: () => void;
}

function perform(runner: ActionRunner, uses: string, input: JsonObject = {}, given: Given = {}) {
  const [worker = '', action = ''] = uses.split('/');
  const { signal = new AbortController().signal, onLog = () => undefined, ...call } = given;
  return runner.perform(
    fixtureCall(fixture, {
      worker,
      version: worker === 'polite' ? '1.2.0' : '0.1.0',
      action,
      input,
      confinement: wide(),
      ...call,
    }),
    signal,
    {
      log: onLog,
      progress: () => {},
      effect: () => {},
      spend: () => {},
      measure: () => {},
      request: async () => ({ ok: true, output: true }),
    },
  );
}

/** A call that goes on until it is stopped, under way. */
async function occupy(runner: ActionRunner, given: Given = {}): Promise<() => void> {
  const controller = new AbortController();
  const { promise, resolve } = Promise.withResolvers<void>();
  void perform(runner, 'polite/slow', {}, { ...given, signal: controller.signal, onLog: resolve });
  await promise;
  return () => controller.abort(new Error('enough'));
}

const figuresOf = (runner: ActionRunner, worker = 'polite') =>
  runner.figures().find((pool) => pool.worker === worker);

describeSandboxed('a pool of workers', () => {
  test('[WRK-125] beyond its size calls wait in lanes, and a person may re-order them', async () => {
    const { runner, clock } = newRunner({ max: 1 });
    const end = await occupy(runner);
    const order: string[] = [];
    const calls = (
      [
        ['low', -5],
        ['usual', 0],
        ['urgent', 7],
        ['raised', 0],
      ] as const
    ).map(async ([run, priority]) => {
      const given = { run, priority, confinement: narrow() };
      await perform(runner, 'polite/echo', { text: run }, given);
      order.push(run);
    });
    await clock.advance(1_000);
    expect(figuresOf(runner)).toMatchObject({
      processes: 1,
      calls: 1,
      waiting: { high: 1, normal: 2, low: 1 },
      oldest: clock.now() - 1_000,
    });
    runner.prioritise('raised', () => 1);
    runner.prioritise('urgent', () => 0);
    end();
    await Promise.all(calls);
    expect(order).toEqual(['raised', 'usual', 'urgent', 'low']);
    expect(figuresOf(runner)).toMatchObject({
      processes: 1,
      starts: 2,
      restarts: 0,
      performed: 5,
      failed: 1,
    });
  });

  test('a shard is put to the process that had it before, when that has room [WRK-127]', async () => {
    const { runner } = newRunner({ max: 2 });
    // Such a process has one call at a time.
    const confinement = { ...wide(), hosts: ['example.org:443'] };
    /** Each process has a sandbox of its own, which its programs see. */
    const where = async (shard: string, first = 'true') => {
      const input = { program: 'sh', arguments: ['-c', `${first}; readlink /proc/self/ns/mnt`] };
      const outcome = await perform(runner, 'polite/run', input, { shard, confinement });
      return outcome.ok ? String((outcome.output as { readonly stdout?: string }).stdout) : outcome.failure;
    };
    const both = ['red', 'blue'].map((shard) => where(shard, 'while [ ! -e go ]; do sleep 0.1; done'));
    await until('each has a process', () => figuresOf(runner)?.processes === 2);
    writeFileSync(join(fixture.workspace, 'go'), '');
    const [red, blue] = await Promise.all(both);
    expect(red).toMatch(/^mnt:/);
    expect(blue).not.toBe(red);
    // Whatever was used last.
    for (const shard of ['red', 'red', 'blue', 'blue', 'red', 'blue']) {
      expect(await where(shard)).toBe(shard === 'red' ? red : blue);
    }
    expect(figuresOf(runner)).toMatchObject({ processes: 2, starts: 2 });
  });

  test('[WRK-125] [FND-76] for each quarter of an hour that a call has waited it counts for one lane more', async () => {
    const { runner, clock } = newRunner({ max: 1 });
    const end = await occupy(runner);
    const order: string[] = [];
    const ask = async (run: string, priority: number) => {
      await perform(runner, 'polite/echo', { text: run }, { run, priority, confinement: narrow() });
      order.push(run);
    };
    const low = ask('low', -1);
    await clock.advance(16 * MINUTE);
    const usual = ask('usual', 0);
    const urgent = ask('urgent', 1);
    end();
    await Promise.all([low, usual, urgent]);
    expect(order).toEqual(['urgent', 'low', 'usual']);
  });

  test('[WRK-125] a call that waits can be stopped, and leaves no gap behind', async () => {
    const { runner } = newRunner({ max: 1 });
    const end = await occupy(runner);
    const controller = new AbortController();
    const given = { confinement: narrow() };
    const stopped = perform(runner, 'polite/echo', { text: 'x' }, { ...given, signal: controller.signal });
    const next = perform(runner, 'polite/echo', { text: 'y' }, given);
    controller.abort(new Error('enough'));
    expect(await stopped).toMatchObject({ ok: false, failure: { code: 'cancelled' } });
    end();
    expect(await next).toEqual({ ok: true, output: { text: 'y' } });
  });

  test('[WRK-125] there are never more processes than its size, and one that rests makes room', async () => {
    const { runner } = newRunner({ max: 2 });
    const end = await occupy(runner, { env: { NUMBER: '0' } });
    for (const NUMBER of ['1', '2', '3', '1']) {
      await perform(runner, 'polite/echo', { text: NUMBER }, { env: { NUMBER } });
      expect(figuresOf(runner)?.processes).toBe(2);
    }
    end();
    await perform(runner, 'polite/echo', { text: 'x' }, { env: { NUMBER: '1' } });
    expect(figuresOf(runner)).toMatchObject({ starts: 5, restarts: 0 });
  });

  test('[WRK-125] so many as it has at least are warm, for exactly what they are called for', async () => {
    const { runner, clock } = newRunner({ min: 2, idleMs: MINUTE });
    const { worker } = runner.resolve('polite/echo');
    const around = {
      confinement: wide(),
      workspace: fixture.workspace,
      dataDir: fixture.dataDir,
      env: {},
      config: {},
    };
    runner.warm(worker, around);
    expect(figuresOf(runner)).toMatchObject({ processes: 2, idle: 2, calls: 0, starts: 2 });
    await perform(runner, 'polite/echo', { text: 'x' });
    await perform(runner, 'polite/echo', { text: 'y' }, { confinement: narrow() });
    expect(figuresOf(runner)).toMatchObject({ processes: 3, idle: 3, starts: 3 });
    await clock.advance(2 * MINUTE);
    await until('what need not be kept is gone', () => figuresOf(runner)?.processes === 2);
    await perform(runner, 'polite/echo', { text: 'z' });
    expect(figuresOf(runner)?.starts).toBe(3);
    runner.warm(worker, undefined);
    await until('nothing is kept', () => figuresOf(runner)?.processes === 0);
  });

  test('[WRK-12] a process that dies harms its own call, is replaced after a delay that doubles, then no more', async () => {
    const { runner, clock, quarantines } = newRunner({ max: 4 });
    const other = perform(runner, 'hostile/echo', { a: 1 }, { confinement: narrow() });
    for (const delay of [100, 200, 400, 800, 1_600]) {
      expect(await perform(runner, 'hostile/die')).toMatchObject({ failure: { code: 'worker_died' } });
      await until('it is gone', () => figuresOf(runner, 'hostile')?.processes === 1);
      let isDone = false;
      const next = perform(runner, 'hostile/echo', { a: 2 }).then((outcome) => {
        isDone = outcome.ok;
      });
      await clock.advance(delay - 1);
      expect(isDone).toBe(false);
      expect(figuresOf(runner, 'hostile')?.waiting.normal).toBe(1);
      await clock.advance(1);
      await next;
      expect(isDone).toBe(true);
    }
    expect(await other).toMatchObject({ ok: true });
    expect(await perform(runner, 'hostile/die')).toMatchObject({ failure: { code: 'worker_died' } });
    await until('it is gone', () => figuresOf(runner, 'hostile')?.processes === 1);
    expect(await quarantines.list()).toMatchObject([{ worker: 'hostile', reason: /more than 5 times/ }]);
    expect(await perform(runner, 'hostile/echo', {})).toMatchObject({
      failure: { code: 'worker_quarantined', hint: expect.stringContaining('cadre worker clear hostile') },
    });
    expect(await perform(runner, 'polite/echo', { text: 'x' })).toMatchObject({ ok: true });
    await quarantines.clear('hostile');
    expect(await perform(runner, 'hostile/echo', { a: 3 })).toEqual({ ok: true, output: { a: 3 } });
    expect(figuresOf(runner, 'hostile')).toMatchObject({ restarts: 5 });
  });

  test('[WRK-12] deaths that lie further apart than a minute are never too many', async () => {
    const { runner, clock, quarantines } = newRunner({});
    for (let death = 0; death < 8; death++) {
      expect(await perform(runner, 'hostile/die')).toMatchObject({ failure: { code: 'worker_died' } });
      await until('it is gone', () => figuresOf(runner, 'hostile')?.processes === 0);
      await clock.advance(13_000);
    }
    expect(await quarantines.list()).toEqual([]);
  });

  test('[WRK-12] what is to be restarted never is in quarantine after the first death; what is to run always runs', async () => {
    const never = newRunner({ restart: 'never' });
    await perform(never.runner, 'hostile/die');
    await until('it is gone', () => figuresOf(never.runner, 'hostile')?.processes === 0);
    expect(await perform(never.runner, 'hostile/echo', {})).toMatchObject({
      failure: { code: 'worker_quarantined' },
    });
    const always = newRunner({ restart: 'always' });
    await perform(always.runner, 'hostile/die');
    await until('it is gone', () => figuresOf(always.runner, 'hostile')?.processes === 0);
    await always.clock.advance(100);
    expect(figuresOf(always.runner, 'hostile')).toMatchObject({ processes: 1, restarts: 1 });
  });
});
