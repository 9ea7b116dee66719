import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Failure, JsonObject } from '@cadre/sdk';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { describeSandboxed } from '../../test/sandboxed.ts';
import { fixtureCall, type WorkerFixture, workerFixture } from '../../test/worker-fixture.ts';
import type { ActionCall, ActionRunner } from '../ports/action-runner.ts';
import { openSandbox } from '../sandboxes/open-sandbox.ts';
import { keptQuarantines } from '../testing/kept-quarantines.ts';
import { simulatedClock } from '../testing/simulated-clock.ts';
import { until } from '../testing/until.ts';
import { openRunner } from './open-runner.ts';
import { validatePackage } from './packaging/validate-package.ts';
import type { PoolSetting } from './pool-setting.ts';
import { HOOK_LIMITS_MS } from './worker-hooks.ts';

let fixture: WorkerFixture;
let place = 0;
const runners: ActionRunner[] = [];
beforeAll(async () => {
  fixture = await workerFixture('living', 'thinker', 'teller', 'polite');
});
afterEach(async () => {
  for (const runner of runners.splice(0)) await runner.close();
});
afterAll(() => fixture?.remove());

/** Each with a folder of its own, where the hooks of its workers note that they were called. */
async function newRunner(
  pool: Partial<PoolSetting> = {},
  hookMs: Partial<typeof HOOK_LIMITS_MS> = {},
  graceMs = 1_000,
) {
  const clock = simulatedClock();
  const quarantines = keptQuarantines();
  const faults: Failure[] = [];
  const dataDir = join(fixture.dataDir, String(++place));
  await mkdir(dataDir);
  const runner = openRunner({
    clock,
    quarantines,
    builtInFolder: fixture.workers,
    workspace: fixture.workspace,
    sandbox: openSandbox({ workspace: fixture.workspace, environment: process.env }),
    times: { graceMs, hookMs: { ...HOOK_LIMITS_MS, ...hookMs } },
    poolOf: () => pool,
    told: (_, failure) => faults.push(failure),
  });
  runners.push(runner);
  const said: string[] = [];
  const perform = (uses: string, config: JsonObject = {}, signal?: AbortSignal, heard?: () => void) => {
    const [worker = '', action = ''] = uses.split('/');
    const given: Partial<ActionCall> = {
      dataDir,
      confinement: {
        readable: [],
        writable: [fixture.workspace, dataDir],
        hidden: [],
        programs: [],
        hosts: [],
      },
    };
    const version = worker === 'polite' ? '1.2.0' : '0.1.0';
    const call = { worker, version, action, input: {}, config, ...given };
    return runner.perform(fixtureCall(fixture, call), signal ?? new AbortController().signal, {
      log(level, message) {
        said.push(`${level} ${message}`);
        heard?.();
      },
      progress: () => {},
      effect: () => {},
      spend: () => {},
      measure: () => {},
      request: async () => ({ ok: true, output: true }),
    });
  };
  const hooks = async () => {
    const file = join(dataDir, 'hooks');
    return existsSync(file) ? (await readFile(file, 'utf8')).trim().split('\n') : [];
  };
  const processes = (id: string) => runner.figures().find(({ worker }) => worker === id)?.processes ?? 0;
  return { runner, clock, quarantines, faults, perform, hooks, said, processes };
}

describeSandboxed('the life of a worker', () => {
  test('[WRK-10] begins before its first call and ends when it rests, in order, and what its hooks say is heard', async () => {
    const life = await newRunner({ idleMs: 60_000 });
    expect(await life.hooks()).toEqual([]);
    expect(await life.perform('living/tell', { greeting: 'hi' })).toEqual({
      ok: true,
      output: { greeting: 'hi' },
    });
    expect(await life.hooks()).toEqual(['init', 'start']);
    expect(life.said).toEqual(['info in init', 'info in start']);
    expect(life.runner.figures()[0]?.started?.hookMs).toEqual({
      init: expect.any(Number),
      start: expect.any(Number),
    });
    await life.perform('living/tell', { greeting: 'hi' });
    expect(await life.hooks()).toHaveLength(2);
    await life.clock.advance(60_000);
    await until('it is gone', () => life.processes('living') === 0);
    expect(await life.hooks()).toEqual(['init', 'start', 'stop', 'dispose']);
    expect(life.faults).toEqual([]);
    // Other settings are another life.
    expect(await life.perform('living/tell', { greeting: 'ho' })).toEqual({
      ok: true,
      output: { greeting: 'ho' },
    });
  });

  test('[WRK-10] when it is to end, calls under way end first; a call that was stopped takes its process along', async () => {
    const life = await newRunner();
    const controller = new AbortController();
    const { promise, resolve } = Promise.withResolvers<void>();
    const stopped = life.perform(
      'living/wait',
      {},
      controller.signal,
      () => life.said.includes('info waiting') && resolve(),
    );
    await promise;
    controller.abort(new Error('enough'));
    expect(await stopped).toMatchObject({ failure: { code: 'cancelled' } });
    await until('it is gone', () => life.processes('living') === 0);
    expect(await life.hooks()).toEqual(['init', 'start', 'aborted', 'stop', 'dispose']);
    const again = Promise.withResolvers<void>();
    life.said.length = 0;
    void life.perform(
      'living/wait',
      {},
      undefined,
      () => life.said.includes('info waiting') && again.resolve(),
    );
    await again.promise;
    await life.runner.close();
    expect((await life.hooks()).slice(5)).toEqual(['init', 'start', 'aborted', 'stop', 'dispose']);
  });

  test('[WRK-10] dispose is called whatever failed, and the call says what and why', async () => {
    const life = await newRunner();
    expect(await life.perform('living/tell', { init: 'fail' })).toMatchObject({
      failure: {
        code: 'worker_not_started',
        message: 'the worker living could not be started: its init failed: init lacks something',
        hint: 'set it',
        cause: { code: 'not_configured' },
      },
    });
    await until('it is gone', () => life.processes('living') === 0);
    expect(await life.hooks()).toEqual(['init', 'dispose']);
    await life.clock.advance(1_000);
    expect(await life.perform('living/tell', { start: 'fail' })).toMatchObject({
      failure: { code: 'worker_not_started', details: { hook: 'start' } },
    });
    await until('it is gone', () => life.processes('living') === 0);
    expect((await life.hooks()).slice(2)).toEqual(['init', 'start', 'dispose']);
    await life.clock.advance(1_000);
    expect(await life.perform('living/crash')).toMatchObject({
      failure: {
        code: 'worker_died',
        details: { code: 1, lastLines: expect.stringContaining('nobody caught this') },
      },
    });
    expect((await life.hooks()).slice(5)).toEqual(['init', 'start', 'stop', 'dispose']);
  });

  test('[WRK-10] [WRK-12] a hook that ends its process is told of with its exit code and last words', async () => {
    const life = await newRunner();
    expect(await life.perform('living/tell', { init: 'die' })).toMatchObject({
      failure: {
        code: 'worker_not_started',
        cause: {
          code: 'worker_died',
          details: { code: 7, lastLines: expect.stringContaining('last words') },
        },
      },
    });
  });

  test('[WRK-10] a hook past its limit is ended, whether it listens or not, and said to be late', async () => {
    const life = await newRunner({}, { init: 200, start: 200, stop: 200, dispose: 200 });
    const late = {
      failure: { code: 'hook_timeout', message: expect.stringContaining('init of the worker living') },
    };
    expect(await life.perform('living/tell', { init: 'late' })).toMatchObject(late);
    await until('it is gone', () => life.processes('living') === 0);
    expect(await life.hooks()).toEqual(['init', 'init late', 'dispose']);
    for (const init of ['deaf', 'blocked']) {
      await life.clock.advance(2_000);
      expect(await life.perform('living/tell', { init })).toMatchObject(late);
      await until('it is gone', () => life.processes('living') === 0);
    }
    // The blocked one never heard of it.
    expect((await life.hooks()).slice(3)).toEqual(['init', 'dispose', 'init']);
  });

  test('[WRK-10] one that does not end in time is killed, and that is told of though no call waits', async () => {
    const life = await newRunner({}, { stop: 200, dispose: 200 });
    expect(await life.perform('living/tell', { stop: 'late', dispose: 'blocked' })).toMatchObject({
      ok: true,
    });
    await life.runner.close();
    expect(await life.hooks()).toEqual(['init', 'start', 'stop', 'stop late', 'dispose']);
    expect(life.faults).toMatchObject([{ code: 'hook_timeout', details: { hook: 'stop', limitMs: 200 } }]);
  });
});

describeSandboxed('how the code of a worker is run', () => {
  test('[WRK-9] by import unless the manifest says otherwise, and the settings go before it', async () => {
    const first = await newRunner();
    const inFirst = async (life: typeof first) =>
      (await life.perform('thinker/where')) as unknown as { output: { isMainThread: boolean } };
    expect((await inFirst(first)).output.isMainThread).toBe(false);
    expect((await inFirst(await newRunner({ strategy: 'import' }))).output.isMainThread).toBe(true);
    expect(await (await newRunner({ strategy: 'thread' })).perform('polite/unknown')).toMatchObject({
      ok: true,
    });
    await first.runner.close();
    expect(await first.hooks()).toEqual(['init', 'dispose']);
  });

  test('[WRK-9] in a thread what computes for ever still hears that it is cancelled, and harms no other call', async () => {
    // The host itself would wait for it much longer.
    const life = await newRunner({}, {}, 600_000);
    const controller = new AbortController();
    const { promise, resolve } = Promise.withResolvers<void>();
    const thinking = life.perform('thinker/think', {}, controller.signal, resolve);
    await promise;
    expect(await life.perform('thinker/where')).toMatchObject({ ok: true });
    expect(life.processes('thinker')).toBe(2);
    controller.abort(new Error('enough'));
    expect(await thinking).toMatchObject({ failure: { code: 'cancelled' } });
    await until('it is gone', () => life.processes('thinker') === 1);
    expect(await life.quarantines.list()).toEqual([]);
  });

  test('[WRK-9] an executable that speaks the protocol is a worker', async () => {
    const life = await newRunner();
    const told = await life.perform('teller/tell');
    expect(told).toEqual({ ok: true, output: { told: expect.stringMatching(/Linux|Darwin/) } });
    await life.runner.close();
    expect(life.faults).toEqual([]);
    const folder = join(fixture.workers, 'teller');
    const faults = async () =>
      (await validatePackage(folder)).problems.filter(({ severity }) => severity === 'error');
    expect(await faults()).toEqual([]);
    await chmod(join(folder, 'main.sh'), 0o644);
    expect(await faults()).toMatchObject([{ path: 'entrypoint', suggestion: 'chmod +x main.sh' }]);
  });

  test('[WRK-4] host and worker agree on a version of the protocol; where they cannot, both numbers are said', async () => {
    const folder = join(fixture.workers, 'teller');
    const text = await readFile(join(folder, 'main.sh'), 'utf8');
    for (const [spoken, answer] of [
      [2, { ok: true }],
      [4, { failure: { code: 'incompatible', message: 'teller speaks protocol 4, Cadre speaks 1 to 3' } }],
      [0, { failure: { code: 'incompatible', message: 'teller speaks protocol 0, Cadre speaks 1 to 3' } }],
    ] as const) {
      await writeFile(join(folder, 'main.sh'), text.replace('"protocol":1', `"protocol":${spoken}`));
      await chmod(join(folder, 'main.sh'), 0o755);
      expect(await (await newRunner()).perform('teller/tell')).toMatchObject(answer);
    }
  });
});
