import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '@cadre/sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cannotLimit, describeSandboxed } from '../../test/sandboxed.ts';
import { fixtureCall, type WorkerFixture, workerFixture } from '../../test/worker-fixture.ts';
import type { ActionRunner, Confinement } from '../ports/action-runner.ts';
import type { BoxLimits } from '../sandboxes/box-limits.ts';
import { openSandbox } from '../sandboxes/open-sandbox.ts';
import { besideRunner } from '../testing/beside-runner.ts';
import { openRunner } from './open-runner.ts';

const CANARY = `canary-${process.pid}-${process.hrtime.bigint()}`;

let fixture: WorkerFixture;
let outside: string;
let listener: Server;
let victim: ChildProcess;
const runners: ActionRunner[] = [];

beforeAll(async () => {
  fixture = await workerFixture('hostile');
  outside = join(fixture.dataDir, '..', 'outside');
  await mkdir(outside);
  await writeFile(join(outside, 'secret.txt'), CANARY);
  await symlink(join(outside, 'secret.txt'), join(fixture.workspace, 'planted'));
  await symlink(outside, join(fixture.workspace, 'planted-folder'));
  listener = await listening({ host: '127.0.0.1', port: 0 });
  await listening({ path: `\0${CANARY}` });
  await listening({ path: join(outside, 'listener.sock') });
  victim = spawn('/bin/sh', ['-c', `sleep 1000; : ${CANARY}`], {
    env: { CANARY },
    stdio: 'ignore',
    detached: true,
  });
});

afterAll(async () => {
  for (const runner of runners) await runner.close();
  for (const server of servers) server.close();
  if (victim?.pid !== undefined) process.kill(-victim.pid, 'SIGKILL');
  await fixture?.remove();
});

const servers: Server[] = [];

function listening(where: { path: string } | { host: string; port: number }): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.end('reached'));
    servers.push(server);
    server.once('error', reject);
    server.listen(where, () => resolve(server));
  });
}

function newRunner(limits: Partial<BoxLimits> = {}, graceMs = 300): ActionRunner {
  const sandbox = openSandbox({
    workspace: fixture.workspace,
    environment: { ...process.env, CANARY, CADRE_SECRET_TOKEN: CANARY },
    limits,
  });
  const times = { graceMs };
  const runner = openRunner({
    ...besideRunner(),
    builtInFolder: fixture.workers,
    workspace: fixture.workspace,
    sandbox,
    times,
  });
  runners.push(runner);
  return runner;
}

interface Heard {
  readonly logs: string[];
  readonly started: PromiseWithResolvers<void>;
}

function perform(
  runner: ActionRunner,
  action: string,
  input: JsonObject = {},
  options: { signal?: AbortSignal; heard?: Heard; confinement?: Partial<Confinement> } = {},
) {
  const call = fixtureCall(fixture, { worker: 'hostile', version: '0.1.0', action, input });
  return runner.perform(
    { ...call, confinement: { ...call.confinement, ...options.confinement } },
    options.signal ?? new AbortController().signal,
    {
      log(_level, message) {
        options.heard?.logs.push(message);
        options.heard?.started.resolve();
      },
      progress: () => {},
      spend: () => {},
      measure: () => {},
      effect: () => {},
      request: async () => ({ ok: true, output: true }),
    },
  );
}

const hearing = (): Heard => ({ logs: [], started: Promise.withResolvers<void>() });

describeSandboxed('a hostile worker', () => {
  let runner: ActionRunner;
  beforeAll(() => {
    runner = newRunner();
  });

  const tried = async (input: JsonObject) => {
    const outcome = await perform(runner, 'try', input);
    if (!outcome.ok) throw new Error(outcome.failure.message);
    return outcome.output as { got: unknown; error?: string };
  };

  test.each<[string, () => JsonObject]>([
    ['read the password file', () => ({ way: 'read', path: '/etc/shadow' })],
    ['read a file outside of the workspace', () => ({ way: 'read', path: join(outside, 'secret.txt') })],
    ['read by way of ..', () => ({ way: 'read', path: join(fixture.workspace, '../outside/secret.txt') })],
    ['read through a planted link', () => ({ way: 'read', path: join(fixture.workspace, 'planted') })],
    [
      'read through a planted link to a folder',
      () => ({ way: 'read', path: join(fixture.workspace, 'planted-folder/secret.txt') }),
    ],
    [
      'plant a link and read through it',
      () => ({ way: 'plant', path: `new-${process.pid}`, target: join(outside, 'secret.txt') }),
    ],
    [
      'read through the root of another process',
      () => ({ way: 'read', path: `/proc/1/root${outside}/secret.txt` }),
    ],
    ['read through its own root', () => ({ way: 'read', path: `/proc/self/root${outside}/secret.txt` })],
    ['read the home folder', () => ({ way: 'list', path: join(homedir(), '.config') })],
    ['read the keys of its user', () => ({ way: 'list', path: join(homedir(), '.ssh') })],
    [
      'read the environment of the first process',
      () => ({ way: 'shell', script: `tr '\\0' '\\n' </proc/1/environ | grep -a '${CANARY}'` }),
    ],
    ['find the canary in its environment', () => ({ way: 'environment', canary: CANARY })],
    [
      'find the canary in environments and arguments of processes',
      () => ({ way: 'processes', canary: CANARY }),
    ],
    ['write outside of the workspace', () => ({ way: 'write', path: join(outside, 'written.txt') })],
    ['write through a planted link', () => ({ way: 'append', path: join(fixture.workspace, 'planted') })],
    ['write to the system', () => ({ way: 'write', path: '/usr/bin/cadre-was-here' })],
    ['write to the root folder', () => ({ way: 'write', path: '/cadre-was-here' })],
    ['write to /etc', () => ({ way: 'append', path: '/etc/passwd' })],
    ['write to /dev', () => ({ way: 'write', path: '/dev/cadre-was-here' })],
    [
      'change a setting of the kernel',
      () => ({ way: 'shell', script: 'test -w /proc/sys/kernel/core_pattern && echo writable' }),
    ],
    ['change its own package', () => ({ way: 'append', path: join(fixture.workers, 'hostile/main.js') })],
    ['reach a listener of the host', () => ({ way: 'connect', host: '127.0.0.1', port: portOf(listener) })],
    ['reach an abstract socket of the host', () => ({ way: 'connect', path: `\0${CANARY}` })],
    [
      'reach a socket of the host by its path',
      () => ({ way: 'connect', path: join(outside, 'listener.sock') }),
    ],
    ['reach the network', () => ({ way: 'connect', host: '192.0.2.1', port: 80 })],
    ['signal its starter', () => ({ way: 'signal', pid: process.pid, signal: 0 })],
    ['end another process', () => ({ way: 'signal', pid: victim.pid ?? 0, signal: 'SIGKILL' })],
    [
      'make a namespace',
      () => ({ way: 'shell', script: 'unshare --user --map-root-user true && echo made' }),
    ],
    ['mount', () => ({ way: 'shell', script: 'mount -t tmpfs none /tmp && echo mounted' })],
    [
      'trace a process',
      () => ({
        way: 'shell',
        script:
          "python3 -c 'import ctypes; l=ctypes.CDLL(None,use_errno=True); assert l.ptrace(0,0,0,0)==0; print(1)'",
      }),
    ],
    [
      'open a packet socket',
      () => ({ way: 'shell', script: "python3 -c 'import socket; socket.socket(17,3,0); print(1)'" }),
    ],
  ])('[WRK-21] cannot %s', async (_name, input) => {
    const answer = await tried(input());
    expect(answer).toMatchObject({ got: null });
  });

  test('[WRK-21] finds what it was granted', async () => {
    await writeFile(join(fixture.workspace, 'granted.txt'), 'granted');
    expect(await tried({ way: 'read', path: join(fixture.workspace, 'granted.txt') })).toEqual({
      got: 'granted',
    });
    expect(await tried({ way: 'write', path: join(fixture.workspace, 'made.txt') })).toEqual({
      got: 'written',
    });
    expect(await readFile(join(fixture.workspace, 'made.txt'), 'utf8')).toBe('was here');
  });

  test('[WRK-21] did nothing to what lies outside', async () => {
    expect(await readFile(join(outside, 'secret.txt'), 'utf8')).toBe(CANARY);
    await expect(readFile(join(outside, 'written.txt'))).rejects.toThrow('ENOENT');
    expect(victim.exitCode ?? victim.signalCode).toBeNull();
  });

  test('a deeper path decides: read-only and hidden parts of a writable folder', async () => {
    const { workspace } = fixture;
    await mkdir(join(workspace, 'fixed'));
    await mkdir(join(workspace, 'unseen/inner'), { recursive: true });
    await writeFile(join(workspace, 'unseen/inner/x'), CANARY);
    await writeFile(join(workspace, 'unseen.env'), CANARY);
    const confinement = {
      readable: [join(workspace, 'fixed')],
      hidden: [join(workspace, 'unseen'), join(workspace, 'unseen.env'), join(workspace, 'not-there')],
    };
    const attempt = async (input: JsonObject) =>
      (await perform(runner, 'try', input, { confinement })) as object;
    const failed = { ok: true, output: { got: null } };
    expect(await attempt({ way: 'write', path: join(workspace, 'fixed/x') })).toMatchObject(failed);
    expect(await attempt({ way: 'list', path: join(workspace, 'unseen') })).toMatchObject(failed);
    expect(await attempt({ way: 'write', path: join(workspace, 'unseen/x') })).toMatchObject(failed);
    expect(await attempt({ way: 'read', path: join(workspace, 'unseen.env') })).not.toMatchObject({
      output: { got: CANARY },
    });
    expect(await attempt({ way: 'write', path: join(workspace, 'open.txt') })).toMatchObject({
      output: { got: 'written' },
    });
  });

  test('[WRK-21] without programs its Node refuses to start any', async () => {
    const outcome = await perform(
      runner,
      'try',
      { way: 'shell', script: 'echo started' },
      { confinement: { programs: [] } },
    );
    expect(outcome).toMatchObject({
      ok: true,
      output: { got: null, error: expect.stringContaining('has been restricted') },
    });
  });
});

describeSandboxed('a worker that goes wrong', () => {
  test('[WRK-12] a worker that dies fails its calls with exit code and last lines, and the next call gets a new one', async () => {
    const runner = newRunner();
    const other = perform(runner, 'hang');
    const outcome = await perform(runner, 'die');
    expect(outcome).toMatchObject({
      ok: false,
      failure: { code: 'worker_died', retryable: true, details: { code: 7, lastLines: 'last words' } },
    });
    expect(await other).toMatchObject({ ok: false, failure: { code: 'worker_died' } });
    expect(await perform(runner, 'echo', { a: 1 })).toEqual({ ok: true, output: { a: 1 } });
  });

  test('garbage on standard output is noted and harms nothing', async () => {
    const heard = hearing();
    expect(await perform(newRunner(), 'garbage', {}, { heard })).toEqual({
      ok: true,
      output: { fine: true },
    });
    expect(heard.logs.filter((line) => line.includes('no message'))).toHaveLength(5);
  });

  test('an endless line ends the worker', async () => {
    const outcome = await perform(newRunner(), 'endless');
    expect(outcome).toMatchObject({
      ok: false,
      failure: { code: 'worker_died', message: /line of more than/ },
    });
  });

  test('an answer that does not fit the protocol fails its call', async () => {
    const outcome = await perform(newRunner(), 'lie');
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'worker_fault' } });
  });

  test('[WRK-38] a worker that does not listen to cancel is killed after the grace', async () => {
    const runner = newRunner();
    const heard = hearing();
    const controller = new AbortController();
    const outcome = perform(runner, 'hang', {}, { heard, signal: controller.signal });
    await heard.started.promise;
    const cancelledAt = performance.now();
    controller.abort(new Error('enough'));
    expect(await outcome).toMatchObject({ ok: false, failure: { code: 'cancelled' } });
    expect(performance.now() - cancelledAt).toBeGreaterThan(250);
    expect(await perform(runner, 'echo', { again: true })).toEqual({ ok: true, output: { again: true } });
  });

  test('[WRK-38] processes that it left behind are gone when it is', async () => {
    const runner = newRunner();
    const marker = `cadre-daemon-${process.pid}`;
    await perform(runner, 'daemon', { marker });
    await expect.poll(() => isRunning(marker), { timeout: 20_000 }).toBe(true);
    await runner.close();
    expect(await isRunning(marker)).toBe(false);
  });

  test.skipIf(cannotLimit('processes'))(
    '[WRK-23] a fork bomb is stopped by the limit on processes',
    async () => {
      const outcome = await perform(newRunner({ processes: 64 }), 'bomb', { most: 200 });
      expect(outcome).toMatchObject({
        ok: false,
        failure: { code: 'limit_exceeded', details: { limit: 'processes', planned: 64 } },
      });
    },
  );

  test.skipIf(cannotLimit('memory'))(
    '[WRK-23] a worker that takes too much memory ends with limit and name',
    async () => {
      const runner = newRunner({ memoryBytes: 256 * 1024 * 1024 });
      expect(await perform(runner, 'hog')).toMatchObject({
        ok: false,
        failure: { code: 'limit_exceeded', message: /memory 256 MiB/ },
      });
    },
  );
});

describe('without a sandbox', () => {
  test('[WRK-20] it is said plainly, and workers still are processes of their own with a small environment', async () => {
    const sandbox = openSandbox({ workspace: fixture.workspace, environment: { PATH: '/nowhere', CANARY } });
    expect(await sandbox.probe()).toMatchObject({
      level: 'advisory',
      hint: expect.stringContaining('bubblewrap'),
    });
    const runner = openRunner({
      ...besideRunner(),
      builtInFolder: fixture.workers,
      workspace: fixture.workspace,
      sandbox,
    });
    runners.push(runner);
    const outcome = await perform(runner, 'try', { way: 'environment', canary: CANARY });
    expect(outcome).toMatchObject({ ok: true, output: { got: null } });
  });

  test('the hostile worker of these tests refuses to do anything that could harm the machine', async () => {
    const { workspace, workers } = fixture;
    const sandbox = openSandbox({ workspace, environment: { PATH: '/nowhere' } });
    const runner = openRunner({ ...besideRunner(), builtInFolder: workers, workspace, sandbox });
    runners.push(runner);
    const made = join(workspace, 'not-to-be-made');
    const harmful: readonly (readonly [string, JsonObject])[] = [
      ['try', { way: 'write', path: made }],
      ['try', { way: 'append', path: made }],
      ['try', { way: 'plant', path: 'not-to-be-made', target: '/' }],
      ['try', { way: 'shell', script: `/bin/touch ${made}` }],
      ['try', { way: 'signal', pid: victim.pid ?? 0, signal: 'SIGKILL' }],
      ['daemon', { marker: 'cadre-not-started' }],
      ['bomb', { most: 1 }],
      ['hog', {}],
      ['endless', {}],
    ];
    for (const [action, input] of harmful) {
      expect(await perform(runner, action, input)).toMatchObject({
        ok: false,
        failure: { message: expect.stringContaining('it is not in a sandbox') },
      });
    }
    expect(await readdir(workspace)).not.toContain('not-to-be-made');
    expect(victim.exitCode ?? victim.signalCode).toBeNull();
  });

  test.each(['darwin', 'win32'] as const)('[WRK-20] %s says what it lacks', async (platform) => {
    const sandbox = openSandbox({ workspace: fixture.workspace, environment: process.env, platform });
    expect(await sandbox.probe()).toMatchObject({
      level: 'advisory',
      missing: [expect.stringContaining('can do what you can do')],
    });
  });
});

/** Whether any process of the machine has the marker among its arguments. */
async function isRunning(marker: string): Promise<boolean> {
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = processes.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''));
  return (await Promise.all(lines)).some((line) => line.includes(marker));
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
