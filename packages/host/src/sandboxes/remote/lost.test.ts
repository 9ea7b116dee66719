import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { type RemoteFixture, remoteFixture, sandboxHostCommand } from '../../../test/remote-fixture.ts';
import { cannotLimit, describeSandboxed } from '../../../test/sandboxed.ts';
import type { CallRequest } from '../../ports/action-runner.ts';
import { until } from '../../testing/until.ts';

let fixture: RemoteFixture;
afterEach(() => fixture?.remove());

const SLOW_PINGS = { pings: { everyMs: 20, deadlineMs: 300 } };

/** A call that is under way there, and how it ends. */
async function underWay() {
  const waiting = Promise.withResolvers<void>();
  const controller = new AbortController();
  const outcome = fixture.perform('slow', {}, { onLog: () => waiting.resolve(), signal: controller.signal });
  await waiting.promise;
  return { outcome, controller };
}

/** A Cadre of its own with a call under way there. */
function childUnderWay() {
  const child = spawn(
    process.execPath,
    [
      '--no-warnings',
      fileURLToPath(new URL('../../../test/remote-child.ts', import.meta.url)),
      JSON.stringify({ ...fixture, sandbox: undefined, runner: undefined }),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const begun = new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
  return { child, begun };
}

/** Processes of this machine whose command line names the folder of the sandbox host. */
function processesOf(text: string): readonly number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(text) ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

describeSandboxed('[WRK-19] the connection to another machine', () => {
  test('[WRK-12] when the host there is killed the call ends as worker_died, and the next one has a new connection', async () => {
    fixture = await remoteFixture();
    const { outcome } = await underWay();
    const [pid = 0] = fixture.hostPids();
    process.kill(pid, 'SIGKILL');
    expect(await outcome).toMatchObject({
      ok: false,
      failure: {
        code: 'worker_died',
        retryable: true,
        message: expect.stringContaining('the connection to the sandbox host was lost') as string,
      },
    });
    expect(await fixture.perform('echo', { text: 'again' })).toEqual({ ok: true, output: { text: 'again' } });
    // What the dead one left was removed by the one after it.
    expect(fixture.hostPids()).not.toContain(pid);
  });

  test('when it does not answer any more the call ends, and nothing hangs', async () => {
    fixture = await remoteFixture({ times: SLOW_PINGS });
    const { outcome } = await underWay();
    const [pid = 0] = fixture.hostPids();
    process.kill(pid, 'SIGSTOP');
    try {
      expect(await outcome).toMatchObject({
        ok: false,
        failure: { code: 'worker_died', message: expect.stringContaining('no answer within') as string },
      });
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await until('it tidies up', () => fixture.hostPids().length === 0);
  });

  test('[WRK-38] a cancelled call ends there too, and one that does not heed it is killed', async () => {
    fixture = await remoteFixture();
    const { outcome, controller } = await underWay();
    controller.abort(new Error('enough'));
    expect(await outcome).toMatchObject({ ok: false, failure: { code: 'cancelled' } });
    const begun = Promise.withResolvers<void>();
    const stop = new AbortController();
    const deaf = fixture.shell('trap "" TERM INT; echo x >begun; sleep 600', {
      signal: stop.signal,
      request: () => {
        begun.resolve();
        return { ok: true, output: true };
      },
    });
    await begun.promise;
    stop.abort(new Error('enough'));
    expect(await deaf).toMatchObject({ ok: false, failure: { code: 'cancelled' } });
    const [folder = ''] = readdirSync(join(fixture.hostFolder, 'connections'));
    await until('nothing but contents is left', () =>
      readdirSync(join(fixture.hostFolder, 'connections', folder)).every((name) => name === 'contents'),
    );
  });

  test('when Cadre itself is killed nothing of its calls goes on there, and their files are removed', async () => {
    fixture = await remoteFixture();
    writeFileSync(join(fixture.workspace, 'a.txt'), 'SENT-THERE');
    const { child, begun } = childUnderWay();
    await begun;
    expect(fixture.isThere('SENT-THERE')).toBe(true);
    expect(processesOf(fixture.hostFolder)).not.toEqual([]);
    child.kill('SIGKILL');
    await until('the host has ended', () => processesOf(fixture.hostFolder).length === 0);
    expect(fixture.hostPids()).toEqual([]);
    expect(fixture.isThere('SENT-THERE')).toBe(false);
    expect(existsSync(join(fixture.hostFolder, 'packages'))).toBe(true);
  });

  test('when the host there is killed nothing of this side goes on either: who has nothing else to do ends', async () => {
    fixture = await remoteFixture();
    const { child, begun } = childUnderWay();
    await begun;
    const [pid = 0] = fixture.hostPids();
    process.kill(pid, 'SIGKILL');
    // Whatever still waited or went round for the lost connection would keep it from ending.
    expect(await new Promise((resolve) => child.once('exit', (...how) => resolve(how)))).toEqual([0, null]);
    expect(processesOf(fixture.hostFolder)).toEqual([]);
  });

  test.each([
    'output',
    'input',
  ] as const)('a host whose %s alone is cut ends by itself, and leaves nothing', async (which) => {
    fixture = await remoteFixture();
    const [program = '', ...rest] = sandboxHostCommand(fixture.hostFolder);
    const host = spawn(program, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
    const over = new Promise((resolve) => host.once('exit', (...how) => resolve(how)));
    await new Promise<void>((resolve) => host.stdout.once('data', () => resolve()));
    host.stdin.on('error', () => {});
    // So far that it answers: the first words of HTTP/2 (RFC 9113, section 3.4), and settings that are empty.
    host.stdin.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0');
    if (which === 'output') host.stdout.destroy();
    else host.stdin.end();
    expect(await over).toEqual([0, null]);
    expect(fixture.hostPids()).toEqual([]);
  });

  test('[WRK-23] what a call uses there is counted for a call with limits, and it is kept within them', async () => {
    fixture = await remoteFixture();
    const { shell } = fixture;
    const limits = { cpuMs: 60_000, memoryBytes: 512 * 1024 ** 2 };
    expect(await shell('echo counted', { call: { limits } })).toMatchObject({
      ok: true,
      output: { stdout: 'counted\n' },
    });
  });

  test('[WRK-21] programs there reach what the gate here permits, by connections that are made here', async () => {
    fixture = await remoteFixture();
    const server = createServer((_, response) => response.end('from the host'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const asked: CallRequest[] = [];
    const script = `
      const ask = async (host) => { const r = await fetch('http://' + host + ':${port}/'); return r.status + ' ' + await r.text(); };
      console.log(await ask('api.example.test'));
      console.log(await ask('evil.example.test').catch((error) => 'refused ' + /\\d+/.exec(error.cause.cause.message)));
      delete process.env.HTTP_PROXY;
      const { connect } = await import('node:net');
      connect(${port}, '127.0.0.1').on('error', (e) => console.log(e.code)).on('connect', () => console.log('direct'));`;
    const { workspace, dataDir } = fixture;
    const outcome = await fixture.perform(
      'run',
      { program: process.execPath, arguments: ['--input-type=module', '-e', script] },
      {
        call: {
          confinement: {
            readable: [],
            writable: [workspace, dataDir],
            hidden: [],
            programs: ['*'],
            hosts: ['*:*'],
          },
        },
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
    expect(outcome).toMatchObject({
      ok: true,
      output: { code: 0, stdout: '200 from the host\nrefused 403\nECONNREFUSED\n' },
    });
    expect(asked).toEqual([
      { kind: 'connect', host: 'api.example.test', port },
      { kind: 'connect', host: 'evil.example.test', port },
    ]);
  });

  test.skipIf(cannotLimit('memory'))(
    '[WRK-23] limits hold there, and are named here; what is used there is measured',
    async () => {
      fixture = await remoteFixture({ limits: { memoryBytes: 200 * 1024 ** 2 } });
      const fill = 'head -c 400000000 /dev/zero | tail | wc -c';
      expect(await fixture.shell(fill)).toMatchObject({
        ok: false,
        failure: { code: 'limit_exceeded', details: { limit: 'memory', planned: 200 * 1024 ** 2 } },
      });
      expect(await fixture.perform('echo', { text: 'on' })).toEqual({ ok: true, output: { text: 'on' } });
    },
  );

  test('what only the environment of this process holds is not there', async () => {
    fixture = await remoteFixture();
    const outcome = await fixture.perform('environment', {}, { call: { env: { GIVEN: 'granted' } } });
    if (!outcome.ok) throw new Error(outcome.failure.message);
    expect(outcome.output).toMatchObject({ GIVEN: 'granted', HOME: '/tmp/home', TMPDIR: '/tmp' });
    expect(Object.keys(outcome.output as object)).not.toContain('VITEST');
  });
});
