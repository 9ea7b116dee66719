import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../src/clock.ts';
import { openSandbox } from '../src/sandboxes/open-sandbox.ts';
import { keptQuarantines } from '../src/testing/kept-quarantines.ts';
import { openLiveWorkers } from '../src/workers/live-workers.ts';
import { openRunner } from '../src/workers/open-runner.ts';
import { probeWorker } from '../src/workers/probe-worker.ts';
import { fixtureCall } from './worker-fixture.ts';

/**
 * Loads and unloads a worker so often as it is told, by its sources and as another version in turns; each tenth is called, and each
 * hundredth tried before. Prints what this process holds, once in the middle and once at the end. `node --expose-gc reload-child.ts 1000`
 */
const times = Number(process.argv[2]);

/** The one in use and those that runs may have begun with. What is left over is removed when nothing uses it any more. */
const MOST_COPIES = 6;

const program = (says: number) => `#!/bin/sh
while IFS= read -r line; do
  call=$(printf '%s' "$line" | sed -n 's/^{"type":"call","call":"\\([^"]*\\)".*/\\1/p')
  case "$line" in
    '{"type":"hello"'*) echo '{"type":"ready","protocol":1,"worker":"teller","actions":["tell"]}' ;;
    '{"type":"call"'*) echo '{"type":"succeeded","call":"'$call'","output":${says}}' ;;
    '{"type":"stop"'*) exit 0 ;;
  esac
done
`;

const manifest = (version: string) => `id: teller
version: ${version}
description: ${'tells '.repeat(1_000)}
capabilities: [actions]
permissions: []
entrypoint: main.sh
strategy: program
actions: [{ name: tell, description: Tells, effects: [none], input: { type: object }, output: {} }]
`;

const root = await mkdtemp(join(tmpdir(), 'cadre-reloads-'));
const [workspace, copies, dataDir, builtIn] = ['workspace', 'copies', 'data', 'built-in'].map((name) =>
  join(root, name),
) as [string, string, string, string];
const folder = join(workspace, '.cadre/workers/teller');
for (const one of [folder, copies, dataDir, builtIn]) await mkdir(one, { recursive: true });

const clock = systemClock();
const sandbox = openSandbox({ workspace, environment: process.env });
const runner = openRunner({
  builtInFolder: builtIn,
  workspace,
  sandbox,
  clock,
  quarantines: keptQuarantines(),
});
let isTried = false;
let reloads = 0;
const live = await openLiveWorkers({
  workspace,
  packages: join(root, 'packages'),
  copies,
  now: () => clock.now(),
  probe: async (worker) => (isTried ? probeWorker(worker.folder, sandbox) : undefined),
  retire: (worker) => runner.retire(worker),
  told: ({ kind }) => {
    if (kind === 'reloaded') reloads += 1;
  },
});
runner.hold(live.held);

async function call(says: number): Promise<void> {
  const { worker } = runner.resolve('teller/tell');
  const confinement = { readable: [], writable: [], hidden: [], programs: [], hosts: [] };
  const { version } = worker.manifest;
  const outcome = await runner.perform(
    fixtureCall(
      { workspace, dataDir, workers: '', remove: async () => undefined },
      { worker: 'teller', version, action: 'tell', input: {}, confinement },
    ),
    new AbortController().signal,
    {
      log: () => undefined,
      progress: () => undefined,
      effect: () => undefined,
      spend: () => undefined,
      measure: () => undefined,
      request: async () => ({ ok: true, output: true }),
    },
  );
  if (!outcome.ok || outcome.output !== says) throw new Error(`${says}: ${JSON.stringify(outcome)}`);
}

async function held() {
  const isBusy = async () =>
    (runner.figures()[0]?.processes ?? 0) > 1 || (await readdir(copies)).length > MOST_COPIES;
  for (let look = 0; look < 500 && (await isBusy()); look += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  for (let round = 0; round < 3; round += 1) {
    globalThis.gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const descriptors = (await readdir('/proc/self/fd').catch(() => [])).length;
  const { heapUsed, external } = process.memoryUsage();
  return { heapUsed, external, descriptors, copies: (await readdir(copies)).length, reloads };
}

try {
  const seen = [];
  for (let time = 1; time <= times; time += 1) {
    isTried = time % 100 === 0;
    if (time % 50 === 0) {
      await rm(folder, { recursive: true });
      await live.look();
      await mkdir(folder, { recursive: true });
    }
    await writeFile(join(folder, 'worker.yaml'), manifest(`0.${Math.floor(time / 2)}.0`));
    await writeFile(join(folder, 'main.sh'), program(time), { mode: 0o755 });
    await live.look();
    if (time % 10 === 0) await call(time);
    if (time === Math.floor(times / 4) || time === times) seen.push(await held());
  }
  process.stdout.write(JSON.stringify(seen));
} finally {
  await runner.close();
  await rm(root, { recursive: true, force: true });
}
