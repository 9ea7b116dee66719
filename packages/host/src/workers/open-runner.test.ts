import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Usage } from '@cadre/core';
import type { JsonObject, JsonValue, Outcome, Spent } from '@cadre/sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeSandboxed } from '../../test/sandboxed.ts';
import { fixtureCall, type WorkerFixture, workerFixture } from '../../test/worker-fixture.ts';
import type { ActionCall, ActionRunner, CallRequest } from '../ports/action-runner.ts';
import { openSandbox } from '../sandboxes/open-sandbox.ts';
import { besideRunner } from '../testing/beside-runner.ts';
import { openRunner } from './open-runner.ts';
import type { PoolSetting } from './pool-setting.ts';

let fixture: WorkerFixture;
const runners: ActionRunner[] = [];
beforeAll(async () => {
  fixture = await workerFixture('polite');
});
afterAll(async () => {
  for (const runner of runners) await runner.close();
  await fixture?.remove();
});

function newRunner(pool: Partial<PoolSetting> = {}, beside = besideRunner()): ActionRunner {
  const sandbox = openSandbox({ workspace: fixture.workspace, environment: process.env });
  const runner = openRunner({
    ...beside,
    builtInFolder: fixture.workers,
    workspace: fixture.workspace,
    sandbox,
    poolOf: () => pool,
  });
  runners.push(runner);
  return runner;
}

interface Options {
  readonly call?: Partial<ActionCall>;
  readonly signal?: AbortSignal;
  readonly request?: (body: CallRequest) => Outcome<JsonValue>;
  readonly onLog?: (message: string) => void;
  readonly onSpent?: (spent: Spent) => void;
  readonly onUse?: (usage: Usage) => void;
}

function perform(runner: ActionRunner, action: string, input: JsonObject, options: Options = {}) {
  return runner.perform(
    fixtureCall(fixture, { worker: 'polite', version: '1.2.0', action, input, ...options.call }),
    options.signal ?? new AbortController().signal,
    {
      log: (_level, message) => options.onLog?.(message),
      progress: () => {},
      spend: (spent) => options.onSpent?.(spent),
      measure: (usage) => options.onUse?.(usage),
      effect: () => {},
      request: async (body) => options.request?.(body) ?? { ok: true, output: true },
    },
  );
}

const pidOf = async (runner: ActionRunner, options: Options = {}) => {
  const outcome = await perform(
    runner,
    'run',
    { program: 'sh', arguments: ['-c', 'readlink /proc/self/ns/pid'] },
    options,
  );
  if (!outcome.ok) throw new Error(outcome.failure.message);
  return (outcome.output as { stdout: string }).stdout;
};

describeSandboxed('the runner', () => {
  test('[WRK-9] [WRK-127] performs calls in a process of the worker, several at once, which stays warm between them', async () => {
    const runner = newRunner();
    const echoes = await Promise.all(
      Array.from({ length: 20 }, (_, index) => perform(runner, 'echo', { text: `${index}` })),
    );
    expect(echoes).toEqual(
      Array.from({ length: 20 }, (_, index) => ({ ok: true, output: { text: `${index}` } })),
    );
    expect(await pidOf(runner)).toBe(await pidOf(runner));
  });

  test('another confinement is another process', async () => {
    const runner = newRunner();
    const narrower = {
      readable: [fixture.workspace],
      writable: [fixture.dataDir],
      hidden: [],
      programs: ['*'],
      hosts: [],
    };
    expect(await pidOf(runner)).not.toBe(await pidOf(runner, { call: { confinement: narrower } }));
    const written = await perform(
      runner,
      'write',
      { files: { x: 'y' } },
      { call: { confinement: narrower } },
    );
    expect(written).toMatchObject({
      ok: false,
      failure: { code: 'worker_fault', details: { systemCode: 'EROFS' } },
    });
  });

  test('[WRK-10] a worker that was idle for its time is stopped, and started again when it is needed', async () => {
    const runner = newRunner({ idleMs: 30 });
    const first = await pidOf(runner);
    // The namespace is gone with its process; a new one never gets the number of one that is still there.
    await expect.poll(() => pidOf(runner), { timeout: 20_000, interval: 200 }).not.toBe(first);
  });

  test('[WRK-38] cancelling stops the call, and its process takes no other', async () => {
    const runner = newRunner();
    const controller = new AbortController();
    const waiting = Promise.withResolvers<void>();
    const outcome = perform(
      runner,
      'slow',
      {},
      { signal: controller.signal, onLog: () => waiting.resolve() },
    );
    await waiting.promise;
    controller.abort(new Error('enough'));
    expect(await outcome).toMatchObject({ ok: false, failure: { code: 'cancelled' } });
    expect(await perform(runner, 'echo', { text: 'on' })).toEqual({ ok: true, output: { text: 'on' } });
  });

  test('a call that was cancelled before it began is never sent', async () => {
    const outcome = await perform(newRunner(), 'echo', { text: 'x' }, { signal: AbortSignal.abort() });
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'cancelled' } });
  });

  test('a failure of the action comes back as its author wrote it', async () => {
    expect(
      await perform(newRunner(), 'fail', { code: 'odd', message: 'it is odd', hint: 'even it' }),
    ).toEqual({
      ok: false,
      failure: { code: 'odd', message: 'it is odd', retryable: false, hint: 'even it' },
    });
  });

  test('[WRK-21] the environment is small and known', async () => {
    const outcome = await perform(newRunner(), 'environment', {}, { call: { env: { GIVEN: 'a b\n"c"' } } });
    if (!outcome.ok) throw new Error(outcome.failure.message);
    const names = Object.keys(outcome.output as object);
    expect(outcome.output).toMatchObject({
      GIVEN: 'a b\n"c"',
      HOME: '/tmp/home',
      TMPDIR: '/tmp',
      TERM: 'dumb',
    });
    const expected =
      /^(PATH|HOME|LANG|TMPDIR|TZ|TERM|PWD|GIVEN|XDG_CACHE_HOME|[A-Z_]+_(HOME|ROOT|DIR)|GO\w+|RUSTUP_TOOLCHAIN)$/;
    expect(names.filter((name) => !expected.test(name))).toEqual([]);
  });

  test('[WRK-21] programs reach the network through the proxy alone, each connection is asked for', async () => {
    const server = createServer((_, response) => response.end('from the host'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const asked: CallRequest[] = [];
    const call = {
      confinement: {
        readable: [],
        writable: [fixture.workspace, fixture.dataDir],
        hidden: [],
        programs: ['*'],
        hosts: ['*:*'],
      },
    };
    const script = `
      const ask = async (host) => { const r = await fetch('http://' + host + ':${port}/'); return r.status + ' ' + await r.text(); };
      const refused = (error) => 'refused ' + /\\d+/.exec(error.cause.cause.message);
      console.log(await ask('api.example.test'));
      console.log(await ask('evil.example.test').catch(refused));
      delete process.env.HTTP_PROXY;
      const { connect } = await import('node:net');
      connect(${port}, '127.0.0.1').on('error', (e) => console.log(e.code)).on('connect', () => console.log('direct'));`;
    const outcome = await perform(
      newRunner(),
      'run',
      { program: process.execPath, arguments: ['--input-type=module', '-e', script] },
      {
        call,
        request(body) {
          if (body.kind !== 'connect') return { ok: true, output: true };
          asked.push(body);
          return body.host.startsWith('api.')
            ? { ok: true, output: '127.0.0.1' }
            : { ok: false, failure: { code: 'denied', message: 'not this one', retryable: false } };
        },
      },
    );
    server.close();
    expect(outcome).toMatchObject({ ok: true, output: { code: 0, stderr: '' } });
    const lines = ((outcome as { output: JsonObject }).output['stdout'] as string).trim().split('\n');
    expect(lines).toEqual(['200 from the host', 'refused 403', 'ECONNREFUSED']);
    expect(asked).toEqual([
      { kind: 'connect', host: 'api.example.test', port },
      { kind: 'connect', host: 'evil.example.test', port },
    ]);
  });

  test('[WRK-4] a worker that cannot be started is a clear failure', async () => {
    const missing = openRunner({
      ...besideRunner(),
      builtInFolder: fixture.workers,
      workspace: fixture.workspace,
      sandbox: openSandbox({ workspace: fixture.workspace, environment: process.env }),
      times: { startMs: 1 },
    });
    runners.push(missing);
    const outcome = await perform(missing, 'echo', { text: 'x' });
    expect(outcome).toMatchObject({
      ok: false,
      failure: { code: 'worker_not_started', cause: { message: /not ready after 1 ms/ } },
    });
  });

  test('after closing nothing is started any more', async () => {
    const runner = newRunner();
    await perform(runner, 'echo', { text: 'x' });
    await runner.close();
    expect(await perform(runner, 'echo', { text: 'x' })).toMatchObject({
      ok: false,
      failure: { code: 'cancelled' },
    });
  });
});
