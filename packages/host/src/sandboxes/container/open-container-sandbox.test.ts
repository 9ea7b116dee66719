import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { contained, describeContained, isLimited } from '../../../test/contained.ts';
import type { Sandbox } from '../../ports/sandbox.ts';
import { runConfined } from '../run-confined.ts';
import { CANARY, containersOf, containerWorld, MIB, PATIENCE_MS, run } from './testing/container-world.ts';

/** Those of this process; other tests have theirs. */
const OURS = `name=cadre-${process.pid}-`;

let world: Awaited<ReturnType<typeof containerWorld>>;
beforeAll(async () => {
  world = await containerWorld();
});
afterAll(() => world.remove());

describeContained('[WRK-19] a program in a container', () => {
  let sandbox: Sandbox;
  beforeAll(() => {
    sandbox = world.open();
  });
  const shell = (script: string, changes: Parameters<typeof world.optionsWith>[0] = {}) =>
    runConfined(sandbox, ['/bin/sh', '-c', script], world.optionsWith(changes), PATIENCE_MS);

  test('[WRK-21] sees what was granted, as it was granted, and nothing else of the machine', async () => {
    const outside = join(world.root, 'outside');
    const shown = join(world.root, 'shown, and "more": this');
    for (const folder of [
      outside,
      shown,
      join(world.workspace, 'kept'),
      join(world.workspace, 'hidden/deep'),
    ])
      await mkdir(folder, { recursive: true });
    const deep = join(world.workspace, 'hidden/deep');
    for (const file of [
      join(outside, 'a'),
      join(shown, 'a'),
      join(world.workspace, 'kept/a'),
      join(world.workspace, 'hidden/a'),
    ])
      await writeFile(file, CANARY);
    await writeFile(join(world.workspace, '.env'), CANARY);
    await symlink(join(outside, 'a'), join(world.workspace, 'planted'));
    const barred = join(world.workspace, 'barred');
    const { stdout } = await shell(
      `cat "$SHOWN/a" kept/a; echo
       for file in "$OUTSIDE/a" hidden/a hidden/deep/../a .env planted /etc/shadow /root/.bashrc "$OUTSIDE"; do cat "$file" 2>/dev/null; done
       echo "hidden: $(ls -A hidden)"
       echo new >made && echo made
       for file in "$SHOWN/b" kept/b hidden/b hidden/deep/b barred/b /usr/b /etc/b /b; do (echo no >"$file") 2>/dev/null && echo "wrote $file"; done
       ls -A /; node --version >/dev/null && git --version >/dev/null && echo tools`,
      {
        readable: [shown, join(world.workspace, 'kept'), deep, barred],
        hidden: [join(world.workspace, 'hidden'), join(world.workspace, '.env')],
        env: { SHOWN: shown, OUTSIDE: outside },
      },
    );
    const [read, hidden, made, ...names] = stdout.trim().split('\n');
    expect(read).toBe(CANARY + CANARY);
    expect([hidden, made, names.at(-1)]).toEqual(['hidden: deep', 'made', 'tools']);
    expect(stdout).not.toContain('wrote');
    expect(stdout.split(CANARY)).toHaveLength(3);
    expect(await readFile(join(world.workspace, 'made'), 'utf8')).toBe('new\n');
    expect((await stat(join(world.workspace, 'made'))).uid).toBe((await stat(world.workspace)).uid);
    // What the engine made to mount on is gone.
    await expect(stat(barred)).rejects.toThrow('ENOENT');
  });

  test('[WRK-21] starts in an empty folder where nothing of the workspace is granted', async () => {
    const { stdout } = await shell('pwd; ls -A; touch x 2>/dev/null || echo closed', { writable: [] });
    expect(stdout).toBe(`${world.workspace}\nclosed\n`);
  });

  test('[WRK-21] has a small environment, which nobody else can read, and values of several lines', async () => {
    const secret = `it's "$HOME"\n  two\nlines ${CANARY}-granted`;
    const child = await sandbox.start(
      ['/bin/sh', '-c', 'echo ready; read -r _; env; cat /proc/1/environ'],
      world.optionsWith({ env: { GRANTED: secret } }),
    );
    const output = text(child.stdout);
    await once(child.stdout, 'data');
    const [name = ''] = await containersOf(OURS);
    const { stdout: settings } = await run('podman', ['inspect', name]);
    const { stdout: processes } = await run('ps', ['axww', '-o', 'args']);
    for (const text of [settings, processes]) expect(text).not.toContain(`${CANARY}-granted`);
    child.stdin.end('\n');
    const said = await output;
    expect(said).toContain(`GRANTED=${secret}\n`);
    expect(said).toMatch(/^HOME=\/tmp\/home$/m);
    expect(said).not.toMatch(/^CANARY=/m);
    expect(said.split(CANARY)).toHaveLength(2);
    await child.ended;
  });

  test('has streams that lose and change no byte, and ends as it ended', async () => {
    const bytes = randomBytes(3 * MIB);
    const child = await sandbox.start(['/bin/sh', '-c', 'tee /dev/stderr; exit 7'], world.optionsWith());
    child.stdin.end(bytes);
    const [out, error, end] = await Promise.all([buffer(child.stdout), buffer(child.stderr), child.ended]);
    const digest = (value: Uint8Array) => createHash('sha256').update(value).digest('hex');
    expect([digest(out), digest(error)]).toEqual([digest(bytes), digest(bytes)]);
    expect(end).toEqual({ code: 7, signal: null });
    expect((await shell('kill -TERM $$')).code).toBe(143);
    const none = await runConfined(sandbox, ['/no/such/program'], world.optionsWith(), PATIENCE_MS);
    expect([none.code, none.stderr]).toEqual([127, expect.stringContaining('not found')]);
  });

  test('[WRK-38] is ended with everything that it started, and nothing of it stays', async () => {
    const child = await sandbox.start(
      ['/bin/sh', '-c', '(setsid sleep 1000 &) ; trap "" TERM; echo ready; sleep 1000'],
      world.optionsWith(),
    );
    child.stdout.resume();
    await once(child.stdout, 'data');
    const [name = ''] = await containersOf(OURS);
    child.kill();
    expect(await child.ended).toMatchObject({ signal: 'SIGKILL' });
    expect(await containersOf(`name=${name}`)).toEqual([]);
  });

  test('[WRK-21] has no network but the proxy', async () => {
    const server = createServer((_, response) => response.end('reached'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const asked: string[] = [];
    const proxy = await sandbox.openProxy({
      async address(host, wanted) {
        asked.push(`${host}:${wanted}`);
        return { ok: true, output: '127.0.0.1' };
      },
      agent: async () => ({ ok: false, failure: { code: 'denied', message: 'none', retryable: false } }),
    });
    const script = `
      const { request } = require('node:http');
      const direct = require('node:net').connect(${port}, '127.0.0.1', () => console.log('direct'));
      direct.on('error', () => request({ socketPath: process.env.CADRE_PROXY_SOCKET, path: 'http://some.test:${port}/' }, (answer) => answer.pipe(process.stdout)).end());`;
    const { stdout, stderr } = await runConfined(
      sandbox,
      [process.execPath, '-e', script],
      world.optionsWith({ proxySocket: proxy.socket }),
      PATIENCE_MS,
    );
    expect([stdout, stderr]).toEqual(['reached', '']);
    expect(asked).toEqual([`some.test:${port}`]);
    await proxy.close();
    server.close();
  });

  const testLimited = isLimited ? test : test.skip;
  testLimited(
    '[WRK-23] that runs out of memory is said to have, also when only a child of it did',
    async () => {
      const eat = `node -e "const all = []; for (;;) all.push(Buffer.alloc(8 << 20, 1))"`;
      for (const script of [`exec ${eat}`, `${eat}; echo went on; exit 0`]) {
        const child = await sandbox.start(
          ['/bin/sh', '-c', script],
          world.optionsWith({ most: { memoryBytes: 128 * MIB } }),
        );
        child.stdout.resume();
        child.stderr.resume();
        expect(await child.ended).toMatchObject({ exceededMemoryBytes: 128 * MIB });
      }
    },
  );

  testLimited(
    '[WRK-23] is kept within its number of processes and open files, and what it uses is seen',
    async () => {
      const child = await sandbox.start(
        ['/bin/sh', '-c', '(i=0; while [ $i -lt 40 ]; do sleep 1000 & i=$((i+1)); done); read -r _'],
        world.optionsWith({
          most: { processes: 20, openFiles: 64 },
          limits: { memoryBytes: 256 * MIB, cpuMs: 60_000 },
        }),
      );
      const output = text(child.stdout);
      child.stderr.resume();
      await expect.poll(() => child.full(), { timeout: PATIENCE_MS, interval: 100 }).toBe('processes');
      const load = await child.load();
      expect(load.processes).toBeGreaterThan(10);
      expect(load.processes).toBeLessThanOrEqual(20);
      expect(await child.measure()).toMatchObject({
        measuredBy: 'control group',
        memoryBytes: expect.any(Number),
      });
      expect((await child.use())?.memoryBytes).toBeGreaterThan(0);
      child.kill();
      await output;
      expect((await child.ended).used).toMatchObject({ measuredBy: 'control group' });
      const { stdout } = await shell('ulimit -n; df -k /tmp | tail -1', { most: { openFiles: 64 } });
      expect(stdout).toMatch(/^64\n\S+ +16384 /);
    },
  );

  test('[WRK-20] says what it is, and what it does not stop', async () => {
    expect(await sandbox.probe()).toMatchObject({
      mechanism: 'podman',
      notes: expect.arrayContaining([expect.stringMatching(/^podman \d.* with \S+, (rootless|as root)$/)]),
    });
    expect(contained?.notes?.join()).toMatch(/not stopped: a fault of the kernel/);
  });
});
