import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import type { Sandbox } from '../../packages/host/src/ports/sandbox.ts';
import { openContainerSandbox } from '../../packages/host/src/sandboxes/container/open-container-sandbox.ts';
import { openSandbox } from '../../packages/host/src/sandboxes/open-sandbox.ts';

/**
 * How long it takes until code in a place has answered for the first time, and how much memory one more such place takes: of the places that
 * the guide on sandboxing compares. `node bench/workers/places.ts [ROUNDS]`
 */
const rounds = Number(process.argv[2] ?? 10);
const MIB = 1024 ** 2;
const ECHO = `process.stdout.write('ready\\n'); process.stdin.resume()`;

/** Something that has answered. */
interface Place {
  bytes(): Promise<number>;
  end(): Promise<unknown>;
}

const root = mkdtempSync(join(tmpdir(), 'cadre-bench-'));

/** Contexts are too small to be seen one by one. */
const CONTEXTS = 50;

async function startContext(): Promise<Place> {
  const kept = [createContext({})];
  runInContext('1', kept[0] ?? {});
  return {
    async bytes() {
      const before = process.memoryUsage().heapUsed;
      for (let more = 0; more < CONTEXTS; more += 1) kept.push(createContext({}));
      return (process.memoryUsage().heapUsed - before) / CONTEXTS;
    },
    end: async () => kept.splice(0),
  };
}

async function startThread(): Promise<Place> {
  const before = process.memoryUsage().rss;
  const thread = new Worker(
    `require('node:worker_threads').parentPort.on('message', () => {}).postMessage('ready')`,
    {
      eval: true,
    },
  );
  await once(thread, 'message');
  return { bytes: async () => process.memoryUsage().rss - before, end: () => thread.terminate() };
}

/** What it takes outside counts as well: the process of bubblewrap, and those of an engine. */
async function startIn(sandbox: Sandbox): Promise<Place> {
  const child = await sandbox.start([process.execPath, '-e', ECHO], {
    confinement: { readable: [], writable: [root], hidden: [], programs: ['*'], hosts: [] },
    cwd: root,
    env: {},
    installed: [process.execPath],
  });
  await once(child.stdout, 'data');
  return {
    bytes: async () => ownMemory(),
    async end() {
      child.kill();
      await child.ended;
    },
  };
}

/** Private memory of all processes below this one, and of the monitors of containers, which have left it. */
function ownMemory(): number {
  const all = readdirSync('/proc').flatMap((name) => {
    const [, comm = '', parent] = /\((.*)\) \S (\d+)/.exec(textOf(`/proc/${name}/stat`)) ?? [];
    return /^\d+$/.test(name) ? [{ pid: Number(name), comm, parent: Number(parent) }] : [];
  });
  const args = (pid: number) => textOf(`/proc/${pid}/cmdline`);
  const roots = all.filter(
    ({ pid, comm }) =>
      pid === process.pid || (comm === 'conmon' && args(pid).includes(`cadre-${process.pid}-`)),
  );
  const tree = new Set(roots.map(({ pid }) => pid));
  for (let before = -1; tree.size > before; ) {
    before = tree.size;
    for (const { pid, parent } of all) if (tree.has(parent)) tree.add(pid);
  }
  tree.delete(process.pid);
  const kibibytes = (pid: number) => {
    const text = textOf(`/proc/${pid}/smaps_rollup`);
    return [...text.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+) kB/gm)].reduce(
      (sum, [, size]) => sum + Number(size),
      0,
    );
  };
  return [...tree].reduce((sum, pid) => sum + kibibytes(pid) * 1024, 0);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

const about = { workspace: root, environment: process.env };
const plain = openSandbox({ ...about, environment: { ...process.env, PATH: '/nowhere' } });
const box = openSandbox(about);
const container = openContainerSandbox(about);
const places: (readonly [string, () => Promise<Place>])[] = [
  ['`vm` context', startContext],
  ['thread', startThread],
  ['1 process', () => startIn(plain)],
];
if ((await box.probe()).level !== 'advisory') places.push(['2 os', () => startIn(box)]);
if ((await container.probe()).level !== 'advisory') places.push(['3 container', () => startIn(container)]);

const figures = new Map(places.map(([name]) => [name, { ms: [] as number[], bytes: [] as number[] }]));
for (let round = 0; round < rounds; round += 1) {
  for (const [name, start] of places) {
    const began = performance.now();
    const place = await start();
    figures.get(name)?.ms.push(performance.now() - began);
    figures.get(name)?.bytes.push(await place.bytes());
    await place.end();
  }
}

const middle = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const kernel = execFileSync('uname', ['-r'], { encoding: 'utf8' }).trim();
console.log(
  `Node ${process.version}, Linux ${kernel}, load ${(loadavg()[0] ?? 0).toFixed(1)}, ${rounds} rounds\n`,
);
console.log('| | until it answers, ms (p50) | memory, MiB (p50) |\n|---|---|---|');
for (const [name, { ms, bytes }] of figures) {
  console.log(`| ${name} | ${middle(ms).toFixed(1)} | ${(middle(bytes) / MIB).toFixed(1)} |`);
}
rmSync(root, { recursive: true, force: true });
process.exit(0);
