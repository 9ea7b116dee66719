import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Tier } from '../../packages/host/src/ports/sandbox.ts';
import { openContainerSandbox } from '../../packages/host/src/sandboxes/container/open-container-sandbox.ts';
import { findExecutable } from '../../packages/host/src/sandboxes/find-executable.ts';
import { openSandbox } from '../../packages/host/src/sandboxes/open-sandbox.ts';
import { openSandboxes } from '../../packages/host/src/sandboxes/open-sandboxes.ts';
import { besideRunner } from '../../packages/host/src/testing/beside-runner.ts';
import { openRunner } from '../../packages/host/src/workers/open-runner.ts';
import { gateFixture } from '../../packages/host/test/gate-fixture.ts';
import { fixtureCall } from '../../packages/host/test/worker-fixture.ts';

/**
 * What confinement costs: a call to a process that is there already (warm) and the first call with the start of the process (cold), of a
 * plain child of Node that answers lines of JSON, of a worker in its box, and through the gate with its record. Rounds are
 * interleaved, so that what else the machine does hits all of them alike. `node bench/workers/confinement.ts [COLD] [WARM]`
 */
const cold = Number(process.argv[2] ?? 25);
const warm = Number(process.argv[3] ?? 400);
const before = loadavg()[0] ?? 0;

const ECHO = `
const { createInterface } = require('node:readline');
createInterface({ input: process.stdin }).on('line', (line) => process.stdout.write(line + '\\n'));`;

interface Contender {
  readonly name: string;
  /** Starts it, makes one call, and ends it. */
  once(): Promise<number>;
  /** Of one that is there already; absent: it has no such thing. */
  again?(): Promise<number>;
}

const root = mkdtempSync(join(tmpdir(), 'cadre-bench-'));
const script = join(root, 'echo.cjs');
writeFileSync(script, ECHO);
const left: (() => unknown)[] = [() => rmSync(root, { recursive: true, force: true })];

function talkTo(program: string, args: readonly string[]) {
  const child: ChildProcess = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout ?? process.stdin });
  const call = () =>
    new Promise<void>((resolve, reject) => {
      const fail = () => reject(new Error(`${program} ended`));
      child.once('error', fail).once('exit', fail);
      lines.once('line', () => {
        child.off('error', fail).off('exit', fail);
        resolve();
      });
      child.stdin?.write('{"text":"hi"}\n');
    });
  return { call, end: () => child.kill('SIGKILL') };
}

async function timed(task: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await task();
  return performance.now() - began;
}

function talking(name: string, program: string, args: readonly string[]): Contender {
  let kept: ReturnType<typeof talkTo> | undefined;
  left.push(() => kept?.end());
  return {
    name,
    async once() {
      const child = talkTo(program, args);
      const ms = await timed(child.call);
      child.end();
      return ms;
    },
    async again() {
      kept ??= talkTo(program, args);
      return timed(kept.call);
    },
  };
}

const fixture = await gateFixture('polite');
left.push(() => fixture.remove());
const PATIENT = new AbortController().signal;
const HEARS = {
  log: () => undefined,
  progress: () => undefined,
  spend: () => undefined,
  measure: () => undefined,
  effect: () => undefined,
  request: async () => ({ ok: true as const, output: true }),
};

function runnerWith(environment: Readonly<Record<string, string | undefined>>) {
  const { workspace, workers } = fixture;
  const about = { workspace, environment };
  const sandbox = openSandboxes({ os: openSandbox(about), container: openContainerSandbox(about) });
  const runner = openRunner({ ...besideRunner(), builtInFolder: workers, workspace, sandbox });
  left.push(() => runner.close());
  return { runner, sandbox };
}

function worker(
  name: string,
  environment: Readonly<Record<string, string | undefined>>,
  tier: Tier = 'os',
): Contender {
  const call = fixtureCall(fixture, {
    worker: 'polite',
    version: '1.2.0',
    action: 'echo',
    input: { text: 'hi' },
    tier,
  });
  const { runner: kept } = runnerWith(environment);
  const perform = async (runner: typeof kept) => {
    const outcome = await runner.perform(call, PATIENT, HEARS);
    if (!outcome.ok) throw new Error(outcome.failure.message);
  };
  return {
    name,
    async once() {
      const { runner, sandbox } = runnerWith(environment);
      // What the machine offers is found out once in the life of a process.
      await sandbox.probe(tier);
      const ms = await timed(() => perform(runner));
      await runner.close();
      return ms;
    },
    again: () => timed(() => perform(kept)),
  };
}

function throughGate(): Contender {
  const { runner: kept, sandbox } = runnerWith(process.env);
  const gate = fixture.newGate({ runner: kept, sandboxReport: (tier) => sandbox.probe(tier) });
  const perform = async (through: typeof gate) => {
    const { outcome } = await fixture.perform(through, 'polite/echo', { text: 'hi' });
    if (!outcome.ok) throw new Error(outcome.failure.message);
  };
  return {
    name: 'worker in its box, through the gate with its record',
    async once() {
      const fresh = runnerWith(process.env);
      const through = fixture.newGate({
        runner: fresh.runner,
        sandboxReport: (tier) => fresh.sandbox.probe(tier),
      });
      await fresh.sandbox.probe();
      const ms = await timed(() => perform(through));
      await fresh.runner.close();
      return ms;
    },
    again: () => timed(() => perform(gate)),
  };
}

/** Node of the machine in a container that is as closed as a box: no network, read-only. */
function container(podman: string): Contender {
  const rootfs = join(root, 'rootfs');
  for (const name of ['usr', 'proc', 'dev', 'sys', 'tmp', 'etc', 'opt', 'run']) {
    mkdirSync(join(rootfs, name), { recursive: true });
  }
  for (const name of ['bin', 'lib', 'lib64', 'sbin']) symlinkSync(`usr/${name}`, join(rootfs, name));
  const runc = findExecutable('runc', `${process.env['PATH']}:/usr/sbin`);
  const limits = ['nofile=4096:4096', 'nproc=4096:4096'].flatMap((limit) => ['--ulimit', limit]);
  const args = [
    ...(runc === undefined ? [] : ['--runtime', runc]),
    ...['run', '--rm', '--interactive', '--network', 'none', '--read-only', '--cap-drop', 'all', ...limits],
    ...['--volume', '/usr:/usr:ro', '--volume', `${process.execPath}:/opt/node:ro`],
    ...['--volume', `${script}:/opt/echo.cjs:ro`, '--rootfs', rootfs, '/opt/node', '/opt/echo.cjs'],
  ];
  return talking('container (podman)', podman, args);
}

const path = process.env['PATH'] ?? '';
const deno = findExecutable('deno', path);
const podman = findExecutable('podman', path);
const missing: string[] = [];
const contenders = [
  talking('plain child of Node', process.execPath, [script]),
  worker('worker without a sandbox', { ...process.env, PATH: '/nowhere' }),
  worker('worker in its box', process.env),
  throughGate(),
];
if (deno === undefined) missing.push('deno is not installed');
else contenders.push(talking('deno run', deno, ['run', '--no-prompt', script]));
if (podman === undefined) missing.push('podman is not installed');
else {
  const contained = container(podman);
  try {
    await contained.once();
    contenders.push(worker('worker in a container', process.env, 'container'), contained);
  } catch {
    missing.push('podman is installed and starts no container here');
  }
}

const figures = new Map(contenders.map(({ name }) => [name, { cold: [] as number[], warm: [] as number[] }]));
for (const { again } of contenders) for (let round = 0; round < 20; round += 1) await again?.();
for (let round = 0; round < Math.max(cold, warm); round += 1) {
  for (const { name, once, again } of contenders) {
    if (round < cold) figures.get(name)?.cold.push(await once());
    if (round < warm && again !== undefined) figures.get(name)?.warm.push(await again());
  }
}

const at = (values: readonly number[], share: number) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * share)]?.toFixed(2) ?? '–';
const kernel = execFileSync('uname', ['-r'], { encoding: 'utf8' }).trim();
console.log(
  `Node ${process.version}, Linux ${kernel}, load ${before.toFixed(1)} before and ${(loadavg()[0] ?? 0).toFixed(1)} after`,
);
console.log(`${cold} cold and ${warm} warm calls each, interleaved; milliseconds\n`);
console.log('| | cold least | cold p50 | warm least | warm p50 | warm p95 |\n|---|---|---|---|---|---|');
for (const [name, { cold: starts, warm: calls }] of figures) {
  console.log(
    `| ${name} | ${at(starts, 0)} | ${at(starts, 0.5)} | ${at(calls, 0)} | ${at(calls, 0.5)} | ${at(calls, 0.95)} |`,
  );
}
for (const what of missing) console.log(`\nNot measured: ${what}.`);
for (const undo of left.toReversed()) await undo();
process.exit(0);
