import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readlinkSync, realpathSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Usage } from '@cadre/core';
import type { JsonObject, Spent } from '@cadre/sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cannotLimit, describeSandboxed, machine } from '../../test/sandboxed.ts';
import { fixtureCall, type WorkerFixture, workerFixture } from '../../test/worker-fixture.ts';
import type { ActionRunner } from '../ports/action-runner.ts';
import type { ProcessLimits } from '../ports/gate.ts';
import { findExecutable } from '../sandboxes/find-executable.ts';
import { openSandbox } from '../sandboxes/open-sandbox.ts';
import { besideRunner } from '../testing/beside-runner.ts';
import { openRunner } from './open-runner.ts';

let fixture: WorkerFixture;
const runners: ActionRunner[] = [];
beforeAll(async () => {
  fixture = await workerFixture('thirsty');
});
afterAll(async () => {
  for (const runner of runners) await runner.close();
  await fixture?.remove();
});

/** Calls, and stops the call as soon as more is used than its limits say. */
async function use(
  environment: Readonly<Record<string, string | undefined>>,
  action: string,
  input: JsonObject,
  limits?: ProcessLimits,
) {
  const sandbox = openSandbox({ workspace: fixture.workspace, environment });
  const runner = openRunner({
    ...besideRunner(),
    builtInFolder: fixture.workers,
    workspace: fixture.workspace,
    sandbox,
  });
  runners.push(runner);
  const controller = new AbortController();
  const seen: Usage[] = [];
  const spent: Spent[] = [];
  const outcome = await runner.perform(
    fixtureCall(fixture, {
      worker: 'thirsty',
      version: '1.0.0',
      action,
      input,
      ...(limits === undefined ? {} : { limits }),
    }),
    controller.signal,
    {
      log: () => {},
      progress: () => {},
      effect: () => {},
      spend: (part) => spent.push(part),
      measure(usage) {
        seen.push(usage);
        const { cpuMs = Number.POSITIVE_INFINITY, memoryBytes = Number.POSITIVE_INFINITY } = limits ?? {};
        if ((usage.cpuMs ?? 0) > cpuMs || (usage.memoryBytes ?? 0) > memoryBytes)
          controller.abort('over_budget');
      },
      request: async () => ({ ok: true, output: true }),
    },
  );
  return { outcome, seen, spent, used: seen.at(-1) };
}

const MEBIBYTE = 1024 ** 2;

/** Processes of this workspace that go on without end. */
function endless(): readonly string[] {
  const { stdout } = spawnSync('pgrep', ['-f', 'while :; do :; done'], { encoding: 'utf8' });
  return stdout.split('\n').filter((pid) => pid !== '' && isIn(pid, fixture.workspace));
}

function isIn(pid: string, folder: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(folder);
  } catch {
    return false;
  }
}

/** The programs of the tests, and no bubblewrap. */
function withoutSandbox() {
  const programs = join(fixture.workspace, '.programs');
  mkdirSync(programs, { recursive: true });
  for (const name of ['sh', 'head', 'tail', 'wc']) {
    const found = findExecutable(name, process.env['PATH'] ?? '');
    if (found !== undefined && !existsSync(join(programs, name))) symlinkSync(found, join(programs, name));
  }
  return { ...process.env, PATH: programs };
}

function measuringTests(environmentOf: () => Readonly<Record<string, string | undefined>>): void {
  test('[WRK-23] processor time is that of the whole tree of processes, also of those that have ended', async () => {
    const { outcome, used } = await use(
      environmentOf(),
      'compute',
      { rounds: 1_000_000 },
      { cpuMs: 600_000 },
    );
    expect(outcome).toMatchObject({ ok: true, output: { stdout: 'done\n' } });
    const idle = await use(environmentOf(), 'compute', { rounds: 1 }, { cpuMs: 600_000 });
    expect((used?.cpuMs ?? 0) - (idle.used?.cpuMs ?? 0)).toBeGreaterThan(100);
  });

  test('[WRK-23] what goes on without end is stopped with all its processes once it has used too much', async () => {
    const { outcome, used } = await use(environmentOf(), 'compute', {}, { cpuMs: 700 });
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'cancelled' } });
    expect(used?.cpuMs).toBeGreaterThan(700);
    expect(endless()).toEqual([]);
  });

  test('[WRK-23] memory is the most that all processes had at a time', async () => {
    const { outcome, used } = await use(
      environmentOf(),
      'fill',
      { mebibytes: 300 },
      { memoryBytes: 2_000 * MEBIBYTE },
    );
    expect(outcome).toMatchObject({ ok: true });
    expect(used?.memoryBytes).toBeGreaterThan(30 * MEBIBYTE);
    expect(used?.memoryBytes).toBeLessThan(2_000 * MEBIBYTE);
  });
}

describeSandboxed('what a call uses, in a sandbox', () => {
  measuringTests(() => process.env);

  test.skipIf(cannotLimit('memory'))(
    '[WRK-23] who wants more memory than there may be is ended by the system, and the failure says so',
    async () => {
      const { outcome } = await use(process.env, 'fill', { mebibytes: 600 }, { memoryBytes: 200 * MEBIBYTE });
      expect(outcome).toMatchObject({
        ok: false,
        failure: { code: 'limit_exceeded', details: { limit: 'memory', planned: 200 * MEBIBYTE } },
      });
    },
  );

  test('it is told how it was measured, and only where something is limited', async () => {
    const limited = await use(process.env, 'compute', { rounds: 1 }, { cpuMs: 60_000 });
    expect(limited.used?.measuredBy).toBe(machine.measures);
    const free = await use(process.env, 'compute', { rounds: 1 });
    expect(free.seen).toEqual([]);
  });

  test('tokens and money come as they are told, while the action goes on', async () => {
    const parts = [{ tokens: 5 }, { money: '0.0125 USD' }];
    const { spent } = await use(process.env, 'spend', { parts });
    expect(spent).toEqual(parts);
  });

  test('what is no amount is a fault of the worker, told to its author', async () => {
    const { outcome } = await use(process.env, 'spend', { parts: [{ tokens: -1 }] });
    expect(outcome).toMatchObject({
      ok: false,
      failure: { code: 'worker_fault', message: /-1 is no number of tokens/ },
    });
  });
});

describe('what a call uses, without a sandbox', () => {
  measuringTests(withoutSandbox);

  test('where nothing can be measured a call with limits is refused', async () => {
    const sandbox = openSandbox({
      workspace: fixture.workspace,
      environment: process.env,
      platform: 'darwin',
    });
    const options = {
      confinement: { readable: [], writable: [], hidden: [], programs: [], hosts: [] },
      cwd: fixture.workspace,
      env: {},
      installed: [],
      limits: { cpuMs: 1 },
    };
    await expect(sandbox.start(['true'], options)).rejects.toMatchObject({ code: 'no_sandbox' });
  });
});
