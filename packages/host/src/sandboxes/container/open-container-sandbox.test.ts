import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, chown, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { contained, describeContained } from '../../../test/contained.ts';
import type { Sandbox, SandboxOptions } from '../../ports/sandbox.ts';
import { runConfined } from '../run-confined.ts';
import { openContainerSandbox } from './open-container-sandbox.ts';

const run = promisify(execFile);
const MIB = 1024 ** 2;
/** Somebody who is not root, where the tests run as root. */
const SOMEBODY = 1000;

let root: string;
let workspace: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'cadre-contained-'));
  workspace = join(root, 'workspace');
  await mkdir(workspace);
  await chmod(root, 0o755);
  if (process.getuid?.() === 0) await chown(workspace, SOMEBODY, SOMEBODY);
});
afterAll(() => rm(root, { recursive: true, force: true }));

const CANARY = `canary-${process.pid}`;
const environment = { ...process.env, CANARY };

function open(changes: Partial<Parameters<typeof openContainerSandbox>[0]> = {}): Sandbox {
  return openContainerSandbox({ workspace, environment, limits: { temporaryBytes: 16 * MIB }, ...changes });
}

function optionsWith(
  changes: Partial<SandboxOptions> & Partial<SandboxOptions['confinement']> = {},
): SandboxOptions {
  const { readable = [], writable = [workspace], hidden = [], ...others } = changes;
  return {
    confinement: { readable, writable, hidden, programs: ['*'], hosts: [] },
    cwd: workspace,
    env: {},
    installed: [process.execPath],
    ...others,
  };
}

const PATIENCE_MS = 60_000;

async function containersOf(filter: string): Promise<readonly string[]> {
  const { stdout } = await run('podman', ['ps', '--all', '--filter', filter, '--format', '{{.Names}}']);
  return stdout.split('\n').filter(Boolean);
}

describeContained('[WRK-19] a program in a container', () => {
  let sandbox: Sandbox;
  beforeAll(() => {
    sandbox = open();
  });
  const shell = (script: string, changes: Parameters<typeof optionsWith>[0] = {}) =>
    runConfined(sandbox, ['/bin/sh', '-c', script], optionsWith(changes), PATIENCE_MS);

  test('[WRK-21] sees what was granted, as it was granted, and nothing else of the machine', async () => {
    const outside = join(root, 'outside');
    const shown = join(root, 'shown, and "more": this');
    for (const folder of [outside, shown, join(workspace, 'kept'), join(workspace, 'hidden/deep')])
      await mkdir(folder, { recursive: true });
    const deep = join(workspace, 'hidden/deep');
    for (const file of [
      join(outside, 'a'),
      join(shown, 'a'),
      join(workspace, 'kept/a'),
      join(workspace, 'hidden/a'),
    ])
      await writeFile(file, CANARY);
    await writeFile(join(workspace, '.env'), CANARY);
    await symlink(join(outside, 'a'), join(workspace, 'planted'));
    const barred = join(workspace, 'barred');
    const { stdout } = await shell(
      `cat "$SHOWN/a" kept/a; echo
       for file in "$OUTSIDE/a" hidden/a hidden/deep/../a .env planted /etc/shadow /root/.bashrc "$OUTSIDE"; do cat "$file" 2>/dev/null; done
       echo "hidden: $(ls -A hidden)"
       echo new >made && echo made
       for file in "$SHOWN/b" kept/b hidden/b hidden/deep/b barred/b /usr/b /etc/b /b; do (echo no >"$file") 2>/dev/null && echo "wrote $file"; done
       ls -A /; node --version >/dev/null && git --version >/dev/null && echo tools`,
      {
        readable: [shown, join(workspace, 'kept'), deep, barred],
        hidden: [join(workspace, 'hidden'), join(workspace, '.env')],
        env: { SHOWN: shown, OUTSIDE: outside },
      },
    );
    const [read, hidden, made, ...names] = stdout.trim().split('\n');
    expect(read).toBe(CANARY + CANARY);
    expect([hidden, made, names.at(-1)]).toEqual(['hidden: deep', 'made', 'tools']);
    expect(stdout).not.toContain('wrote');
    expect(stdout.split(CANARY)).toHaveLength(3);
    expect(await readFile(join(workspace, 'made'), 'utf8')).toBe('new\n');
    expect((await stat(join(workspace, 'made'))).uid).toBe((await stat(workspace)).uid);
    // What the engine made to mount on is gone.
    await expect(stat(barred)).rejects.toThrow('ENOENT');
  });

  test('[WRK-21] starts in an empty folder where nothing of the workspace is granted', async () => {
    const { stdout } = await shell('pwd; ls -A; touch x 2>/dev/null || echo closed', { writable: [] });
    expect(stdout).toBe(`${workspace}\nclosed\n`);
  });

  test('[WRK-21] has a small environment, which nobody else can read, and values of several lines', async () => {
    const secret = `it's "$HOME"\n  two\nlines ${CANARY}-granted`;
    const child = await sandbox.start(
      ['/bin/sh', '-c', 'echo ready; read -r _; env; cat /proc/1/environ'],
      optionsWith({ env: { GRANTED: secret } }),
    );
    const output = text(child.stdout);
    await once(child.stdout, 'data');
    const [name = ''] = await containersOf('label=cadre.space');
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
    const child = await sandbox.start(['/bin/sh', '-c', 'tee /dev/stderr; exit 7'], optionsWith());
    child.stdin.end(bytes);
    const [out, error, end] = await Promise.all([buffer(child.stdout), buffer(child.stderr), child.ended]);
    const digest = (value: Uint8Array) => createHash('sha256').update(value).digest('hex');
    expect([digest(out), digest(error)]).toEqual([digest(bytes), digest(bytes)]);
    expect(end).toEqual({ code: 7, signal: null });
    expect((await shell('kill -TERM $$')).code).toBe(143);
    const none = await runConfined(sandbox, ['/no/such/program'], optionsWith(), PATIENCE_MS);
    expect([none.code, none.stderr]).toEqual([127, expect.stringContaining('not found')]);
  });

  test('[WRK-38] is ended with everything that it started, and nothing of it stays', async () => {
    const child = await sandbox.start(
      ['/bin/sh', '-c', '(setsid sleep 1000 &) ; trap "" TERM; echo ready; sleep 1000'],
      optionsWith(),
    );
    child.stdout.resume();
    await once(child.stdout, 'data');
    const [name = ''] = await containersOf('label=cadre.space');
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
      optionsWith({ proxySocket: proxy.socket }),
      PATIENCE_MS,
    );
    expect([stdout, stderr]).toEqual(['reached', '']);
    expect(asked).toEqual([`some.test:${port}`]);
    await proxy.close();
    server.close();
  });

  test('[WRK-23] that runs out of memory is said to have, also when only a child of it did', async () => {
    const eat = `node -e "const all = []; for (;;) all.push(Buffer.alloc(8 << 20, 1))"`;
    for (const script of [`exec ${eat}`, `${eat}; echo went on; exit 0`]) {
      const child = await sandbox.start(
        ['/bin/sh', '-c', script],
        optionsWith({ most: { memoryBytes: 128 * MIB } }),
      );
      child.stdout.resume();
      child.stderr.resume();
      expect(await child.ended).toMatchObject({ exceededMemoryBytes: 128 * MIB });
    }
  });

  test('[WRK-23] is kept within its number of processes and open files, and what it uses is seen', async () => {
    const child = await sandbox.start(
      ['/bin/sh', '-c', '(i=0; while [ $i -lt 40 ]; do sleep 1000 & i=$((i+1)); done); read -r _'],
      optionsWith({
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
  });

  test('[WRK-20] says what it is, and what it does not stop', async () => {
    expect(await sandbox.probe()).toMatchObject({
      mechanism: 'podman',
      notes: expect.arrayContaining([expect.stringMatching(/^podman \d.* with \S+, (rootless|as root)$/)]),
    });
    expect(contained?.notes?.join()).toMatch(/not stopped: a fault of the kernel/);
  });
});

describeContained('[WRK-19] containers of a Cadre that was killed', () => {
  let killed: ChildProcess;
  const starter = join(import.meta.dirname, 'testing/start-container.ts');
  beforeEach(async () => {
    killed = spawn(process.execPath, [starter, workspace], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(killed.stdout ?? killed, 'data');
  });
  afterEach(() => killed.kill('SIGKILL'));
  const its = () =>
    containersOf('label=cadre.space').then((names) =>
      names.filter((name) => name.includes(`-${killed.pid}-`)),
    );

  test('end with it', async () => {
    expect(await its()).toHaveLength(1);
    killed.kill('SIGKILL');
    await expect.poll(its, { timeout: PATIENCE_MS, interval: 200 }).toEqual([]);
  });

  test('are removed at the next start where they did not; those of one that lives stay', async () => {
    const [living = ''] = await its();
    const labels = ['--label', `cadre.space=${await spaceOf(living)}`];
    const { stdout: image } = await run('podman', ['inspect', '--format', '{{.ImageName}}', living]);
    await run('podman', [
      'create',
      '--name',
      `cadre-999999999-1-${process.pid}`,
      ...labels,
      '--network',
      'none',
      image.trim(),
      '/x',
    ]);
    await open().probe();
    expect(await containersOf(`name=cadre-999999999-1-${process.pid}`)).toEqual([]);
    expect(await its()).toEqual([living]);
  });
});

async function spaceOf(name: string): Promise<string> {
  const { stdout } = await run('podman', [
    'inspect',
    '--format',
    '{{index .Config.Labels "cadre.space"}}',
    name,
  ]);
  return stdout.trim();
}

describe('[WRK-20] where no container can be started', () => {
  const options = optionsWith.bind(undefined, { writable: [] });

  test('it is said that there is no engine, or not the one that was named', async () => {
    const none = open({ environment: { PATH: '/nowhere' } });
    expect(await none.probe()).toMatchObject({
      level: 'advisory',
      mechanism: 'none',
      missing: ['neither podman nor docker is installed'],
    });
    await expect(none.start(['/bin/true'], options())).rejects.toMatchObject({ code: 'no_sandbox' });
    const named = open({ container: { engine: '/no/such/engine' } });
    expect(await named.probe()).toMatchObject({
      level: 'advisory',
      missing: ['/no/such/engine is not there'],
      hint: expect.stringContaining('sandbox.container.engine'),
    });
  });

  test('it is said what the engine said', async () => {
    const engine = join(root, 'broken');
    const script =
      '#!/bin/sh\n[ "$1" = --version ] && echo Docker version 1.2.3 && exit\necho cannot connect to the service >&2; exit 1\n';
    await writeFile(engine, script, { mode: 0o755 });
    expect(await open({ container: { engine } }).probe()).toMatchObject({
      level: 'advisory',
      missing: [expect.stringContaining('starts no container here: cannot connect to the service')],
    });
  });
});

describeContained('[WRK-19] an image of a person', () => {
  test('is never fetched', async () => {
    const image = 'registry.invalid/cadre/none:1';
    expect(await open({ container: { image } }).probe()).toMatchObject({
      level: 'advisory',
      missing: [expect.stringContaining(`there is no image ${image} here, and Cadre fetches none`)],
    });
  });

  test('takes the place of the programs of this machine', async () => {
    const image = `localhost/cadre-test-${process.pid}:1`;
    const folder = join(root, 'image');
    await mkdir(join(folder, 'usr'), { recursive: true });
    for (const name of ['bin', 'lib', 'lib64']) await symlink(`usr/${name}`, join(folder, name));
    await writeFile(join(folder, 'of-the-image'), 'here');
    // Programs of this machine, for want of others: what is tested is whose files they are.
    const libraries = join(root, 'libraries.tar');
    await run('tar', ['-C', folder, '-cf', libraries, '.']);
    await run('tar', ['-rhf', libraries, '-C', '/', ...(await neededBy('/usr/bin/dash', '/usr/bin/cat'))]);
    await run('podman', ['import', libraries, image]);
    try {
      const sandbox = open({ container: { image } });
      expect(await sandbox.probe()).toMatchObject({
        notes: expect.arrayContaining([`programs of the image ${image}`]),
      });
      const { stdout } = await runConfined(
        sandbox,
        [
          '/bin/sh',
          '-c',
          '/usr/bin/cat /of-the-image; echo; echo /usr/bin/*; (echo x >/y) 2>/dev/null || echo closed',
        ],
        optionsWith(),
        PATIENCE_MS,
      );
      expect(stdout).toBe('here\n/usr/bin/cat /usr/bin/dash /usr/bin/sh\nclosed\n');
    } finally {
      await run('podman', ['image', 'rm', image]);
    }
  });
});

/** Programs with the libraries that the system's loader finds for them, relative to the root, and the shell by its usual name. */
async function neededBy(...programs: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(programs.map(async (program) => (await run('ldd', [program])).stdout));
  const libraries = found.join('\n').match(/\/\S+/g) ?? [];
  const paths = [...programs, '/usr/bin/sh', ...libraries].map((path) => path.replace(/^\/(usr\/)?/, 'usr/'));
  return [...new Set(paths)];
}
