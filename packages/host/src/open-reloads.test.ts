import { mkdir, mkdtemp, readdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject, JsonValue, Outcome } from '@cadre/sdk';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { describeSandboxed } from '../test/sandboxed.ts';
import { fixtureCall } from '../test/worker-fixture.ts';
import { systemClock } from './clock.ts';
import { openReloads, type Reloads } from './open-reloads.ts';
import type { Reload } from './ports/reloads.ts';
import { openSandbox } from './sandboxes/open-sandbox.ts';
import { keptQuarantines } from './testing/kept-quarantines.ts';
import { until } from './testing/until.ts';
import { watchWithChokidar } from './watching/watch-with-chokidar.ts';
import { openRunner } from './workers/open-runner.ts';

/** Speaks the protocol without Node, so that starting it costs next to nothing; says `says`, and `wait` waits to be cancelled. */
const program = (says: string) => `#!/bin/sh
while IFS= read -r line; do
  call=$(printf '%s' "$line" | sed -n 's/^{"type":"call","call":"\\([^"]*\\)".*/\\1/p')
  case "$line" in
    '{"type":"hello"'*) echo '{"type":"ready","protocol":1,"worker":"teller","actions":["tell","wait"]}' ;;
    *'"action":"wait"'*) echo '{"type":"log","call":"'$call'","level":"info","message":"waiting"}'
      while [ ! -e go ]; do sleep 0.05; done
      echo '{"type":"succeeded","call":"'$call'","output":"${says}"}' ;;
    '{"type":"call"'*) echo '{"type":"succeeded","call":"'$call'","output":"${says}"}' ;;
    '{"type":"stop"'*) exit 0 ;;
  esac
done
`;

const manifest = (version: string, id = 'teller') => `id: ${id}
version: ${version}
licence: Apache-2.0
capabilities: [actions]
permissions: ["fs:read:."]
entrypoint: main.sh
strategy: program
platforms: [linux, darwin]
engines: { cadre: "*" }
actions:
  - { name: tell, description: Tells, effects: [read], input: { type: object }, output: {} }
  - { name: wait, description: Waits, effects: [read], input: { type: object }, output: {} }
`;

let root = '';
let ends: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'cadre-reload-')));
  for (const name of ['workspace', 'built-in', 'data']) await mkdir(join(root, name));
});
afterEach(async () => {
  for (const end of ends.reverse()) await end();
  ends = [];
  await rm(root, { recursive: true, force: true });
});

/** Each file at once, as an editor that takes care would, and none that is as it was. */
async function put(script: string, version: string, at = 'workspace/.cadre/workers/teller'): Promise<void> {
  const folder = join(root, at);
  await mkdir(folder, { recursive: true });
  for (const [name, text] of [
    ['worker.yaml', manifest(version)],
    ['main.sh', script],
  ] as const) {
    if ((await readFile(join(folder, name), 'utf8').catch(() => '')) === text) continue;
    await writeFile(join(root, name), text, { mode: 0o755 });
    await rename(join(root, name), join(folder, name));
  }
}

async function open() {
  const workspace = join(root, 'workspace');
  const clock = systemClock();
  const sandbox = openSandbox({ workspace, environment: process.env });
  const packages = join(root, 'data/packages');
  const runner = openRunner({
    builtInFolder: join(root, 'built-in'),
    workspace,
    packages,
    sandbox,
    clock,
    quarantines: keptQuarantines(),
  });
  ends.push(() => runner.close());
  const told: Reload[] = [];
  const events: [string, JsonObject][] = [];
  const silent = () => undefined;
  const reloads: Reloads = await openReloads({
    root: workspace,
    folder: join(root, 'data'),
    config: () => ({}),
    sandbox,
    tierFor: async () => ((await sandbox.probe()).level === 'advisory' ? undefined : 'os'),
    runner,
    clock,
    holder: { host: 'here', pid: process.pid },
    watchFiles: watchWithChokidar,
    emit: async (topic, data) => events.push([topic, data]),
    log: { debug: silent, info: silent, warn: silent, error: silent } as never,
    told: (reload) => told.push(reload),
  });
  ends.push(() => reloads.end());
  const call = (uses: string, heard: () => void = silent): Promise<Outcome<JsonValue>> => {
    const { worker, action } = runner.resolve(uses);
    const { id, version } = worker.manifest;
    const confinement = { readable: [workspace], writable: [], hidden: [], programs: [], hosts: [] };
    const dataDir = join(root, 'data');
    return runner.perform(
      fixtureCall(
        { workspace, dataDir, workers: '', remove: async () => {} },
        {
          worker: id,
          version,
          action: action.name,
          input: {},
          confinement,
        },
      ),
      new AbortController().signal,
      {
        log: heard,
        progress: silent,
        effect: silent,
        spend: silent,
        measure: silent,
        request: async () => ({ ok: true, output: true }),
      },
    );
  };
  const copies = async () => {
    const [own = ''] = await readdir(join(root, 'data/live'));
    return readdir(join(root, 'data/live', own));
  };
  return { runner, told, events, reloads, call, copies };
}

const isVersion = (version: string) => (reload: Reload) =>
  reload.kind === 'reloaded' && reload.version === version;

const said = (output: string) => ({ ok: true, output });

describeSandboxed('workers that change while processes are at work', () => {
  test('[WRK-11] are taken over when they were saved, and calls under way end on what they began with', async () => {
    await put(program('one'), '0.1.0');
    const { call, told, events, runner, copies } = await open();
    expect(await call('teller/tell')).toEqual(said('one'));
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting = call('teller/wait', resolve);
    await promise;
    await put(program('two'), '0.1.0');
    await until('it was reloaded', () => told.length === 1);
    expect(told).toEqual([{ kind: 'reloaded', worker: 'teller', version: '0.1.0', before: '0.1.0' }]);
    expect(await call('teller/tell')).toEqual(said('two'));
    expect(runner.figures()[0]?.processes).toBe(2);
    await writeFile(join(root, 'workspace/go'), '');
    expect(await waiting).toEqual(said('one'));
    await until('the former one is gone', () => runner.figures()[0]?.processes === 1);
    await until('its copy too', async () => (await copies()).length === 1);
    await until('it was told', () => events.length === 1);
    expect(events).toEqual([['worker.reloaded', { worker: 'teller', version: '0.1.0', before: '0.1.0' }]]);
  });

  test('[WRK-11] go on as they were while what is there cannot be read, is wrong, or does not start, and it is said why', async () => {
    await put(program('one'), '0.1.0');
    const { call, told, reloads } = await open();
    const file = join(root, 'workspace/.cadre/workers/teller/worker.yaml');
    const faults = async (change: () => Promise<unknown>, code: string, message: RegExp) => {
      told.length = 0;
      await change();
      await until('it was told', () => told.length === 1);
      expect(told[0]).toMatchObject({
        kind: 'failed',
        worker: 'teller',
        version: '0.1.0',
        failure: { code, message: expect.stringMatching(message) },
      });
      expect(reloads.failed()).toMatchObject([{ worker: 'teller', code, version: '0.1.0' }]);
      expect(await call('teller/tell')).toEqual(said('one'));
    };
    await faults(() => writeFile(file, 'id: [teller'), 'invalid_manifest', /teller cannot be used/);
    await faults(() => writeFile(file, manifest('first')), 'invalid_manifest', /semantic version/);
    await faults(() => writeFile(file, manifest('0.2.0', 'other')), 'invalid_manifest', /is called other/);
    await faults(
      () => put('#!/bin/sh\necho broken >&2; exit 3\n', '0.1.0'),
      'worker_not_started',
      /could not be started/,
    );
    told.length = 0;
    await put(program('two'), '0.2.0');
    await until('it was reloaded', () => told.some(isVersion('0.2.0')));
    expect(reloads.failed()).toEqual([]);
    expect(await call('teller/tell')).toEqual(said('two'));
  });

  test('[WRK-11] [WRK-4] a run that keeps the version it began with finds it, also when the sources are gone', async () => {
    await put(program('one'), '0.1.0');
    const { call, told, runner } = await open();
    await put(program('two'), '0.2.0');
    await until('it was reloaded', () => told.some(isVersion('0.2.0')));
    await until(
      'all of it',
      async () => JSON.stringify(await call('teller/tell')) === JSON.stringify(said('two')),
    );
    expect(await call('teller/tell@0.1.0')).toEqual(said('one'));
    expect(await call('teller/tell')).toEqual(said('two'));
    expect(runner.list().map(({ manifest: { version } }) => version)).toEqual(['0.2.0']);
    await rm(join(root, 'workspace/.cadre/workers/teller'), { recursive: true });
    await until('it is gone', () => told.at(-1)?.kind === 'unloaded');
    expect(told.at(-1)).toEqual({ kind: 'unloaded', worker: 'teller', version: '0.2.0' });
    expect(() => runner.resolve('teller/tell')).toThrow('there is no worker teller');
    expect(await call('teller/tell@0.2.0')).toEqual(said('two'));
  });

  test('[WRK-11] what comes to be there is found, in a workspace that had none; a package when the lock names it', async () => {
    const { call, told, runner } = await open();
    expect(() => runner.resolve('teller/tell')).toThrow('there is no worker teller');
    await put(program('one'), '0.1.0');
    await until('it is there', () => told.length === 1);
    expect(await call('teller/tell')).toEqual(said('one'));
    const installed = join(root, 'data/packages/teller@1.0.0');
    await mkdir(join(root, 'data/packages'));
    await put(program('packed'), '1.0.0', 'data/packages/teller@1.0.0');
    const entry = { id: 'teller', version: '1.0.0', digest: 'a'.repeat(64), source: 'x.tgz' };
    const lock = join(root, 'workspace/.cadre/workers.lock.json');
    await writeFile(lock, JSON.stringify({ format: 1, workers: [entry] }));
    await until('the lock was read', () => told.length === 2);
    expect(told[1]).toMatchObject({ kind: 'reloaded', version: '1.0.0' });
    expect(await call('teller/tell')).toEqual(said('packed'));
    await writeFile(lock, '{ not');
    await until('the lock was wrong', () => told.length === 3);
    expect(told[2]).toMatchObject({ kind: 'failed', worker: '.cadre/workers.lock.json' });
    expect(await call('teller/tell')).toEqual(said('packed'));
    expect(await readFile(join(installed, 'worker.yaml'), 'utf8')).toBe(manifest('1.0.0'));
  });
});
